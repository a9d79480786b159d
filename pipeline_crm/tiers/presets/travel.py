"""A travel agency: managers find and sell the trip, a client desk brings people back every season."""

from __future__ import annotations

from datetime import time

from ..models import Reason, Rung
from ..stages import Stage, Structure
from .general import JUNK, REASONS
from .plan import DAY, HOUR, WEEK, Clocks, DeskPlan, Opening, Preset, Words, product, step, words

TRAVEL_AGENCY = Preset(
    structure=Structure.CLOSING_JOINED,
    desks=(
        DeskPlan(
            Words("Travel managers", "Менеджеры по турам"),
            clocks=Clocks(answer=30, first_touch=30, silence=DAY, pool=HOUR),
        ),
        DeskPlan(
            Words("Regular travellers", "Постоянные туристы"),
            clocks=Clocks(answer=DAY, first_touch=2 * DAY, silence=12 * WEEK, pool=DAY),
        ),
    ),
    steps={
        Stage.LEAD: (
            step("New request", "Новая заявка", 30, 8),
            step("Dates and wishes", "Даты и пожелания", DAY, 18),
            step("Choosing a tour", "Подбор тура", 2 * DAY, 28),
        ),
        Stage.DEAL: (
            step("Tours offered", "Туры предложены", DAY, 40),
            step("Tour chosen", "Тур выбран", DAY, 60),
            step("Booked with the operator", "Забронировано у оператора", 2 * DAY, 75),
            step("Documents and payment", "Документы и оплата", 4 * DAY, 90),
        ),
        Stage.ACCOUNT: (
            step("Before departure", "До вылета", 6 * WEEK),
            step("On the trip", "В поездке", 3 * WEEK),
            step("Back home: impressions", "Вернулись: впечатления", WEEK),
            step("Next holiday", "Следующий отпуск"),
        ),
    },
    sources=words(
        ("Website", "Сайт"),
        ("Messenger", "Мессенджер"),
        ("Social network", "Соцсети"),
        ("Came to the office", "Пришёл в офис"),
        ("Tour aggregator", "Агрегатор туров"),
        ("Recommendation", "Рекомендация"),
    ),
    products=(
        product("Beach holiday for two, 7 nights", "Пляжный отдых на двоих, 7 ночей", "165000", "1900"),
        product("Family holiday, 10 nights", "Семейный отдых, 10 ночей", "290000", "3400"),
        product("City break, 3 nights", "Экскурсия на выходные, 3 ночи", "58000", "640"),
        product("Ski week", "Неделя на лыжах", "210000", "2300"),
        product("Cruise, 8 days", "Круиз, 8 дней", "240000", "2800"),
        product("Travel insurance", "Страховка", "6500", "75"),
    ),
    reasons=REASONS
    | {
        Reason.Kind.DISQUALIFY: words(
            ("Only dreaming", "Просто мечтает"),
            ("Dates unknown", "Даты неизвестны"),
            ("Budget is too small", "Не хватает бюджета"),
            ("Cannot be reached", "Не дозвонились"),
        )
        + JUNK,
        Reason.Kind.LOSE: words(
            ("Booked by themselves", "Забронировали сами"),
            ("Another agency was cheaper", "В другом агентстве дешевле"),
            ("No visa", "Не дали визу"),
            ("Holiday cancelled", "Отпуск отменился"),
        ),
        Reason.Kind.CHURN: words(
            ("Travels by themselves now", "Ездят сами"),
            ("The trip went badly", "Поездка не удалась"),
            ("Went to another agency", "Ушли в другое агентство"),
        ),
    },
    hours=(Opening((0, 1, 2, 3, 4), time(10), time(20)), Opening((5,), time(11), time(17))),
    ladder=((Rung.Act.REMIND, -10), (Rung.Act.WARN, 0), (Rung.Act.REASSIGN, HOUR)),
    cadence_days=90,
)
