"""What clients of the demo firm are called, and what is said with them."""

from __future__ import annotations

from random import Random

NAMES = {
    "en": (
        [
            "James",
            "Emma",
            "Oliver",
            "Hannah",
            "Hugo",
            "Claire",
            "Nils",
            "Marta",
            "Rachel",
            "Irina",
            "Dmitry",
            "Svetlana",
            "Timur",
            "Natalia",
            "Sergey",
            "Yulia",
            "Artur",
            "Vera",
            "Konstantin",
            "Gulnara",
            "Oleg",
            "Maria",
            "Ruslan",
            "Ekaterina",
            "Daniel",
            "Laura",
            "Victor",
            "Alina",
        ],
        [
            "Whitfield",
            "Clarke",
            "Martin",
            "Price",
            "Bennett",
            "Lindqvist",
            "Andersen",
            "Adams",
            "Sokolov",
            "Orlov",
            "Mironov",
            "Galiev",
            "Kuznetsov",
            "Volkov",
            "Antonov",
            "Safin",
            "Nikitin",
            "Belsky",
            "Yusupov",
            "Tarasov",
            "Sidorov",
            "Akhmetov",
            "Moreau",
            "Hughes",
            "Novak",
            "Fischer",
        ],
    ),
    "ru": (
        [
            "Ирина",
            "Дмитрий",
            "Светлана",
            "Тимур",
            "Наталья",
            "Сергей",
            "Юлия",
            "Артур",
            "Вера",
            "Константин",
            "Гульнара",
            "Олег",
            "Мария",
            "Руслан",
            "Екатерина",
            "Алексей",
            "Ольга",
            "Пётр",
            "Анна",
            "Михаил",
            "Елена",
            "Никита",
        ],
        [
            "Шевченко",
            "Коваль",
            "Бондаренко",
            "Мельник",
            "Лысенко",
            "Ткаченко",
            "Мартыненко",
            "Савченко",
            "Кравец",
            "Гриценко",
            "Дзюба",
            "Франко",
            "Руденко",
            "Ким",
            "Цой",
            "Черных",
            "Долгих",
            "Седых",
            "Белых",
        ],
    ),
}
WISHES = {
    "en": (
        "Found us through a friend and wants an offer this week.",
        "Asked for a price list and delivery dates.",
        "Compares us with two others; quality matters more than price.",
        "Saw the advert, wants to talk after work.",
        "Came with a clear budget and a date in mind.",
        "Wants to see it in person before deciding.",
    ),
    "ru": (
        "Нашли нас по совету знакомых, ждут предложение на этой неделе.",
        "Просит цены и сроки.",
        "Сравнивает с двумя другими, качество важнее цены.",
        "Увидели рекламу, удобно говорить после работы.",
        "Есть бюджет и дата.",
        "Хочет посмотреть вживую до решения.",
    ),
}
TALKS = {
    "en": (
        "Warm tone, asked for details.",
        "Decides together with the family, call again after the weekend.",
        "Budget named, wants two options to compare.",
        "Busy at work, prefers messages.",
        "Asked about instalments.",
        "Liked the second option more.",
    ),
    "ru": (
        "Тон тёплый, просит подробности.",
        "Решает вместе с семьёй, перезвонить после выходных.",
        "Назвали бюджет, нужны два варианта для сравнения.",
        "На работе занят, удобнее писать.",
        "Спрашивает про рассрочку.",
        "Больше понравился второй вариант.",
    ),
}
BRIEFS = {
    "en": (
        "Ready to meet this week. Decides with the family; quality first, price second.",
        "Knows what they want and has the money. Prefers calls after 14:00.",
        "Compared three firms and came back to us. Needs a firm date.",
        "Polite and careful: wants everything in writing before a decision.",
    ),
    "ru": (
        "Готовы встретиться на этой неделе. Решают семьёй; сначала качество, потом цена.",
        "Знает, чего хочет, деньги есть. Звонить после 14:00.",
        "Сравнили три фирмы и вернулись к нам. Нужен твёрдый срок.",
        "Вежливый и осторожный клиент: всё просит письменно.",
    ),
}
TASKS = {
    "en": (
        "Call back",
        "Send two options",
        "Confirm the meeting",
        "Send the price list",
        "Ask about the date",
        "Check the delivery address",
    ),
    "ru": (
        "Перезвонить",
        "Отправить два варианта",
        "Подтвердить встречу",
        "Отправить цены",
        "Уточнить дату",
        "Проверить адрес доставки",
    ),
}
BUDGETS = {
    "en": ("as in the offer", "up to 10 % more", "fixed"),
    "ru": ("как в предложении", "до 10 % сверху", "фиксированный"),
}
DECIDERS = {"en": ("the client", "the spouse", "both of them"), "ru": ("сам клиент", "супруг", "решают вдвоём")}
CITIES = {"en": ("Moscow", "Khimki", "Mytishchi", "Tver"), "ru": ("Москва", "Химки", "Мытищи", "Тверь")}
COMMENTS = {
    "en": ("The budget is not named.", "Nobody answers the phone.", "Wants it next year only."),
    "ru": ("Бюджет не назван.", "Телефон не отвечает.", "Хотят только через год."),
}


def a_name(language: str, random: Random) -> str:
    """A full name that fits the language; the forms are such that given and family names go together."""
    given, family = NAMES[language]
    first = random.choice(given)
    last = random.choice(family)
    woman = language == "en" and first[-1] in "aA" and last[-2:] in ("ov", "ev", "in")
    return f"{first} {last}{'a' if woman else ''}"
