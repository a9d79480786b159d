"""A car dealer: a contact centre, the showroom, the after-sales desk."""

from __future__ import annotations

from datetime import time

from ..models import Reason, Rung, Strategy
from ..stages import Stage, Structure
from .general import JUNK, REASONS
from .plan import DAY, HOUR, WEEK, Clocks, DeskPlan, Opening, Preset, Words, product, step, words

CAR_DEALER = Preset(
    structure=Structure.THREE,
    desks=(
        DeskPlan(
            Words("Contact centre", "Контакт-центр"), clocks=Clocks(answer=15, first_touch=20, silence=DAY, pool=30)
        ),
        DeskPlan(
            Words("Showroom", "Автосалон"),
            Strategy.WEIGHTED,
            Clocks(answer=30, first_touch=HOUR, silence=2 * DAY, pool=HOUR),
        ),
        DeskPlan(
            Words("After-sales", "Отдел сервиса"),
            clocks=Clocks(answer=DAY, first_touch=3 * DAY, silence=12 * WEEK, pool=DAY),
        ),
    ),
    steps={
        Stage.LEAD: (
            step("New enquiry", "Новое обращение", 20, 5),
            step("Model and budget", "Модель и бюджет", DAY, 12),
            step("Invited to a test drive", "Приглашён на тест-драйв", 2 * DAY, 22),
        ),
        Stage.DEAL: (
            step("Test drive", "Тест-драйв", 2 * DAY, 35),
            step("Trade-in valued", "Оценка трейд-ин", 2 * DAY, 45),
            step("Offer made", "Предложение сделано", 3 * DAY, 55),
            step("Loan or leasing", "Кредит или лизинг", WEEK, 70),
            step("Deposit paid", "Внесён задаток", 2 * WEEK, 85),
            step("Handed over", "Выдача", WEEK, 95),
        ),
        Stage.ACCOUNT: (
            step("First thousand kilometres", "Первая тысяча километров", 4 * WEEK),
            step("Regular service", "Плановое ТО"),
            step("Insurance renewal", "Продление страховки", 4 * WEEK),
            step("Time to change the car", "Пора менять машину", 8 * WEEK),
        ),
    },
    sources=words(
        ("Website", "Сайт"),
        ("Car portal", "Автопортал"),
        ("Manufacturer", "Импортёр"),
        ("Walked in", "Пришёл в салон"),
        ("Incoming call", "Входящий звонок"),
        ("Service customer", "Клиент сервиса"),
        ("Recommendation", "Рекомендация"),
    ),
    products=(
        product("City hatchback", "Городской хэтчбек", "1790000", "18500"),
        product("Family estate", "Семейный универсал", "2650000", "29900"),
        product("Crossover", "Кроссовер", "3290000", "36500"),
        product("Used car", "Автомобиль с пробегом", "1350000", "13900"),
        product("Winter tyres, fitted", "Зимние шины с монтажом", "48000", "620"),
        product("Service plan, three years", "Сервисный пакет на три года", "96000", "1350"),
    ),
    reasons=REASONS
    | {
        Reason.Kind.DISQUALIFY: words(
            ("Only looking", "Просто смотрит"),
            ("Wants a brand we do not sell", "Нужна другая марка"),
            ("Looks for spare parts", "Ищет запчасти"),
            ("Cannot be reached", "Не дозвонились"),
        )
        + JUNK,
        Reason.Kind.LOSE: words(
            ("Bought from another dealer", "Купили у другого дилера"),
            ("The loan was refused", "Отказ в кредите"),
            ("Trade-in price too low", "Мало дали за трейд-ин"),
            ("Delivery takes too long", "Долго ждать машину"),
            ("Chose a used car elsewhere", "Взяли с пробегом в другом месте"),
        ),
        Reason.Kind.CHURN: words(
            ("Sold the car", "Продали машину"),
            ("Serviced elsewhere", "Обслуживаются в другом месте"),
            ("Unhappy with the service", "Недовольны сервисом"),
        ),
    },
    hours=(Opening((0, 1, 2, 3, 4, 5), time(9), time(20)), Opening((6,), time(10), time(18))),
    ladder=((Rung.Act.REMIND, -5), (Rung.Act.REMIND, 0), (Rung.Act.REASSIGN, HOUR)),
    cadence_days=60,
)
