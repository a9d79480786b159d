"""What every firm starts from: desks by structure, and a sober pipeline for a trade that has no preset."""

from __future__ import annotations

from ..models import Reason
from ..stages import Stage, Structure
from .plan import DAY, HOUR, WEEK, Clocks, DeskPlan, Preset, Words, no_turn, product, step, words

SCOUTS = DeskPlan(Words("Scouts", "Разведчики"), clocks=Clocks(first_touch=HOUR, silence=2 * DAY))
HUNTERS = DeskPlan(Words("Hunters", "Охотники"), clocks=Clocks(silence=3 * DAY))
# Whoever keeps clients is silent for weeks between touches: the cadence leads, the clock only catches the forgotten.
FARMERS = DeskPlan(
    Words("Farmers", "Фермеры"), clocks=Clocks(answer=4 * HOUR, first_touch=2 * DAY, silence=8 * WEEK, pool=DAY)
)
MANAGERS = DeskPlan(Words("Managers", "Менеджеры"), clocks=Clocks(silence=3 * DAY))
MANAGERS_WHO_KEEP = DeskPlan(Words("Managers", "Менеджеры"), clocks=Clocks(silence=8 * WEEK))

DESKS: dict[Structure, tuple[DeskPlan, ...]] = {
    Structure.THREE: (SCOUTS, HUNTERS, FARMERS),
    Structure.CLOSING_JOINED: (MANAGERS, FARMERS),
    Structure.SEARCH_APART: (SCOUTS, MANAGERS_WHO_KEEP),
    Structure.ONE: (MANAGERS_WHO_KEEP,),
}

# Nobody can work these, so they cost nobody a turn.
JUNK = no_turn(
    ("Wrong number", "Неверный номер"),
    ("Spam", "Спам"),
    ("A duplicate", "Дубль"),
)

REASONS: dict[Reason.Kind, tuple[Words, ...]] = {
    Reason.Kind.DISQUALIFY: words(
        ("No need", "Нет потребности"),
        ("No budget", "Нет бюджета"),
        ("Cannot be reached", "Не дозвонились"),
    )
    + JUNK,
    Reason.Kind.LOSE: words(
        ("Too expensive", "Дорого"),
        ("Chose a competitor", "Выбрали конкурента"),
        ("Put off for good", "Отложили надолго"),
        ("Stopped answering", "Перестали отвечать"),
    ),
    Reason.Kind.RETURN_DEAL: words(
        ("The need is not clear", "Потребность не выяснена"),
        ("The budget was not asked about", "Не спросили про бюджет"),
        ("Not the one who decides", "Контакт не принимает решений"),
        ("Cannot be reached", "Не дозвонились"),
    ),
    Reason.Kind.RETURN_ACCOUNT: words(
        ("The agreements are not written down", "Не записаны договорённости"),
        ("Not paid yet", "Ещё не оплачено"),
        ("Contacts are missing", "Нет контактов"),
    ),
    Reason.Kind.CHURN: words(
        ("Went to a competitor", "Ушли к конкуренту"),
        ("Unhappy with the service", "Недовольны обслуживанием"),
        ("No longer needed", "Больше не нужно"),
        ("Closed down or moved away", "Закрылись или уехали"),
    ),
}

GENERAL = Preset(
    structure=Structure.THREE,
    steps={
        Stage.LEAD: (
            step("New enquiry", "Новое обращение", 2 * HOUR, 5),
            step("First call", "Первый звонок", DAY, 10),
            step("Need found", "Потребность выяснена", 2 * DAY, 20),
        ),
        Stage.DEAL: (
            step("Talks", "Переговоры", 3 * DAY, 30),
            step("Proposal sent", "Предложение отправлено", 4 * DAY, 50),
            step("Contract", "Договор", WEEK, 75),
            step("Waiting for payment", "Ждём оплату", WEEK, 90),
        ),
        Stage.ACCOUNT: (
            step("Welcome", "Знакомство", WEEK),
            step("Regular contact", "Регулярный контакт"),
            step("Repeat offer", "Повторное предложение", 2 * WEEK),
        ),
    },
    sources=words(
        ("Website", "Сайт"),
        ("Incoming call", "Входящий звонок"),
        ("Advertising", "Реклама"),
        ("Recommendation", "Рекомендация"),
        ("Exhibition", "Выставка"),
        ("Cold call", "Холодный звонок"),
    ),
    products=(
        product("Starter package", "Начальный пакет", "30000", "400"),
        product("Standard package", "Стандартный пакет", "75000", "900"),
        product("Full package", "Полный пакет", "150000", "1900"),
    ),
    reasons=REASONS,
)
