"""A property developer: a call centre, a sales office, client care up to the keys and after."""

from __future__ import annotations

from datetime import time

from ..models import Reason, Rung, Strategy
from ..stages import Stage, Structure
from .general import JUNK, REASONS
from .plan import DAY, HOUR, WEEK, Clocks, DeskPlan, Opening, Preset, Words, product, step, words

PROPERTY_DEVELOPER = Preset(
    structure=Structure.THREE,
    desks=(
        DeskPlan(
            Words("Call centre", "Колл-центр"), clocks=Clocks(answer=15, first_touch=15, silence=2 * DAY, pool=30)
        ),
        DeskPlan(
            Words("Sales office", "Отдел продаж"),
            clocks=Clocks(answer=30, first_touch=HOUR, silence=3 * DAY, pool=HOUR),
        ),
        DeskPlan(
            Words("Client care", "Отдел заботы"),
            Strategy.ROUND_ROBIN,
            Clocks(answer=DAY, first_touch=2 * DAY, silence=8 * WEEK, pool=DAY),
        ),
    ),
    steps={
        Stage.LEAD: (
            step("New enquiry", "Новое обращение", 15, 3),
            step("Call-back", "Перезвонить", 4 * HOUR, 6),
            step("Need and budget", "Потребность и бюджет", 2 * DAY, 12),
            step("Invited to the show flat", "Приглашён на показ", 3 * DAY, 20),
        ),
        Stage.DEAL: (
            step("Viewing", "Показ", 3 * DAY, 25),
            step("Flat chosen", "Квартира выбрана", 4 * DAY, 40),
            step("Reserved", "Бронь", WEEK, 60),
            step("Mortgage approval", "Одобрение ипотеки", 2 * WEEK, 70),
            step("Contract signed", "Договор подписан", WEEK, 90),
            step("Registered", "Регистрация", 2 * WEEK, 95),
        ),
        Stage.ACCOUNT: (
            step("Building goes on", "Дом строится"),
            step("Flat accepted", "Приёмка квартиры", 2 * WEEK),
            step("Keys handed over", "Ключи выданы", 4 * WEEK),
            step("Parking, storage", "Паркинг и кладовая", 4 * WEEK),
            step("Refers friends", "Рекомендует друзьям"),
        ),
    },
    sources=words(
        ("Website", "Сайт"),
        ("Property portal", "Портал недвижимости"),
        ("Call tracking", "Коллтрекинг"),
        ("Outdoor advertising", "Наружная реклама"),
        ("Estate agent", "Агентство недвижимости"),
        ("Came to the sales office", "Пришёл в офис продаж"),
        ("Recommendation", "Рекомендация"),
    ),
    products=(
        product("Studio, 26 m²", "Студия, 26 м²", "6400000", "98000"),
        product("One bedroom, 42 m²", "Однокомнатная, 42 м²", "9800000", "149000"),
        product("Two bedrooms, 63 m²", "Двухкомнатная, 63 м²", "13900000", "212000"),
        product("Three bedrooms, 88 m²", "Трёхкомнатная, 88 м²", "18700000", "289000"),
        product("Parking space", "Машино-место", "1600000", "24000"),
        product("Storage room", "Кладовая", "420000", "6500"),
    ),
    reasons=REASONS
    | {
        Reason.Kind.DISQUALIFY: words(
            ("Wants another district", "Нужен другой район"),
            ("Budget is too small", "Не хватает бюджета"),
            ("Looks for rent", "Ищет аренду"),
            ("An estate agent asking prices", "Риелтор узнаёт цены"),
            ("Cannot be reached", "Не дозвонились"),
        )
        + JUNK,
        Reason.Kind.LOSE: words(
            ("The bank refused", "Банк отказал"),
            ("Bought from another developer", "Купили у другого застройщика"),
            ("Bought a used flat", "Купили вторичку"),
            ("Too expensive", "Дорого"),
            ("The layout does not suit", "Не подошла планировка"),
        ),
        Reason.Kind.CHURN: words(
            ("Sold the flat", "Продали квартиру"),
            ("Unhappy with the quality", "Недовольны качеством"),
            ("Asked not to be called", "Просили не звонить"),
        ),
    },
    hours=(Opening((0, 1, 2, 3, 4), time(9), time(20)), Opening((5, 6), time(10), time(18))),
    ladder=((Rung.Act.REMIND, -5), (Rung.Act.REMIND, 0), (Rung.Act.WARN, 30), (Rung.Act.REASSIGN, HOUR)),
    cadence_days=45,
)
