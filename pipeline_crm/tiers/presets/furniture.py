"""A furniture shop: managers find and close, an account desk keeps designers and households."""

from __future__ import annotations

from datetime import time

from ..models import Reason, Rung, Strategy
from ..stages import Stage, Structure
from .general import JUNK, REASONS
from .plan import DAY, HOUR, WEEK, Clocks, DeskPlan, Opening, Preset, Words, product, step, words

FURNITURE_SHOP = Preset(
    structure=Structure.CLOSING_JOINED,
    desks=(
        DeskPlan(
            Words("Salon managers", "Менеджеры салона"),
            Strategy.ROUND_ROBIN,
            Clocks(answer=HOUR, first_touch=HOUR, silence=3 * DAY),
        ),
        DeskPlan(
            Words("Client desk", "Клиентский отдел"),
            clocks=Clocks(answer=DAY, first_touch=2 * DAY, silence=10 * WEEK, pool=DAY),
        ),
    ),
    steps={
        Stage.LEAD: (
            step("New enquiry", "Новое обращение", HOUR, 5),
            step("Room and taste", "Помещение и вкус", DAY, 15),
            step("Measuring booked", "Записан на замер", 3 * DAY, 30),
        ),
        Stage.DEAL: (
            step("Measured", "Замер сделан", 3 * DAY, 40),
            step("Design drawn", "Проект готов", WEEK, 55),
            step("Price agreed", "Цена согласована", 4 * DAY, 70),
            step("Prepaid", "Предоплата", WEEK, 90),
        ),
        Stage.ACCOUNT: (
            step("In production", "В производстве", 6 * WEEK),
            step("Delivered and assembled", "Доставка и сборка", 2 * WEEK),
            step("Next room", "Следующая комната"),
            step("Regular designer", "Постоянный дизайнер"),
        ),
    },
    sources=words(
        ("Website", "Сайт"),
        ("Came to the salon", "Пришёл в салон"),
        ("Social network", "Соцсети"),
        ("Interior designer", "Дизайнер интерьера"),
        ("Marketplace", "Маркетплейс"),
        ("Recommendation", "Рекомендация"),
    ),
    products=(
        product("Kitchen, to measure", "Кухня на заказ", "420000", "5200"),
        product("Fitted wardrobe", "Шкаф-купе", "145000", "1750"),
        product("Sofa", "Диван", "98000", "1190"),
        product("Bed with mattress", "Кровать с матрасом", "86000", "990"),
        product("Dining set", "Обеденная группа", "64000", "780"),
        product("Delivery and assembly", "Доставка и сборка", "12000", "150"),
    ),
    reasons=REASONS
    | {
        Reason.Kind.DISQUALIFY: words(
            ("Only comparing prices", "Сравнивает цены"),
            ("Outside the delivery area", "Вне зоны доставки"),
            ("Repairs not begun", "Ремонт не начат"),
            ("Cannot be reached", "Не дозвонились"),
        )
        + JUNK,
        Reason.Kind.LOSE: words(
            ("Too expensive", "Дорого"),
            ("Takes too long to make", "Долгий срок изготовления"),
            ("Bought ready-made", "Купили готовое"),
            ("Chose another salon", "Выбрали другой салон"),
        ),
    },
    hours=(Opening((0, 1, 2, 3, 4, 5, 6), time(10), time(20)),),
    ladder=((Rung.Act.REMIND, -15), (Rung.Act.REMIND, 0), (Rung.Act.REASSIGN, 2 * HOUR)),
    cadence_days=60,
)
