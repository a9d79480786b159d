"""A flower shop: one manager takes the client the whole way, every day of the week."""

from __future__ import annotations

from datetime import time

from ..models import Reason, Rung, Strategy
from ..stages import Stage, Structure
from .general import JUNK, REASONS
from .plan import DAY, HOUR, WEEK, Clocks, DeskPlan, Opening, Preset, Words, product, step, words

FLOWER_SHOP = Preset(
    structure=Structure.ONE,
    desks=(
        DeskPlan(
            Words("Florists", "Флористы"),
            Strategy.ROUND_ROBIN,
            Clocks(answer=15, first_touch=15, silence=8 * WEEK, pool=15),
            # A few people behind one counter see every order anyway.
            cherry_picking=True,
        ),
    ),
    steps={
        Stage.LEAD: (
            step("New order request", "Новая заявка", 15, 30),
            step("Occasion and taste", "Повод и вкус", 2 * HOUR, 50),
        ),
        Stage.DEAL: (
            step("Bouquet offered", "Букет предложен", 4 * HOUR, 65),
            step("Agreed", "Согласовано", 4 * HOUR, 85),
            step("Paid", "Оплачено", DAY, 95),
        ),
        Stage.ACCOUNT: (
            step("Delivered", "Доставлено", 2 * DAY),
            step("Dates to remember", "Памятные даты"),
            step("Subscription", "Подписка"),
        ),
    },
    sources=words(
        ("Website", "Сайт"),
        ("Messenger", "Мессенджер"),
        ("Came to the shop", "Пришёл в магазин"),
        ("Delivery service", "Сервис доставки"),
        ("Social network", "Соцсети"),
        ("Recommendation", "Рекомендация"),
    ),
    products=(
        product("Bouquet of the day", "Букет дня", "2900", "35"),
        product("Twenty-five roses", "Двадцать пять роз", "5500", "70"),
        product("Wedding bouquet", "Букет невесты", "9500", "120"),
        product("Flowers for the office, a month", "Цветы в офис на месяц", "24000", "290"),
        product("Subscription, weekly", "Подписка, раз в неделю", "11000", "130"),
        product("Delivery in the city", "Доставка по городу", "500", "8"),
    ),
    reasons=REASONS
    | {
        Reason.Kind.DISQUALIFY: words(
            ("Wrong city", "Другой город"),
            ("Cannot be reached", "Не дозвонились"),
        )
        + JUNK,
        Reason.Kind.LOSE: words(
            ("Too expensive", "Дорого"),
            ("No delivery by that hour", "Не успеваем доставить"),
            ("Flowers not in stock", "Нет нужных цветов"),
            ("Bought nearby", "Купили рядом"),
        ),
    },
    hours=(Opening((0, 1, 2, 3, 4, 5, 6), time(9), time(21)),),
    ladder=((Rung.Act.REMIND, -5), (Rung.Act.REASSIGN, 0)),
    cadence_days=30,
)
