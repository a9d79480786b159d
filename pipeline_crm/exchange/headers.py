"""The names that other systems give to their columns, and the field each of them means.

Taken from exports of amoCRM (Kommo), Bitrix24 and HubSpot in Russian and English, and from the
words people put over the columns of a plain spreadsheet.
"""

import re
import unicodedata
from enum import StrEnum
from functools import cache


class Field(StrEnum):
    """What a column holds."""

    FULL_NAME = "full_name"
    FIRST_NAME = "first_name"
    MIDDLE_NAME = "middle_name"
    LAST_NAME = "last_name"
    COMPANY = "company"
    PHONE = "phone"
    EMAIL = "email"
    SOURCE = "source"
    CAMPAIGN = "campaign"
    PRODUCT = "product"
    REGION = "region"
    CITY = "city"
    LANGUAGE = "language"
    AMOUNT = "amount"
    CURRENCY = "currency"
    TITLE = "title"
    COMMENT = "comment"
    # Who works a record, and where on the belt it is, is decided by rules and never by a file.
    RULED = "ruled"


CONTACTS = frozenset({Field.PHONE, Field.EMAIL})

SPELLINGS: dict[Field, str] = {
    Field.FULL_NAME: """
        основной контакт | полное имя контакта | полное имя | контакт | имя контакта | контактное лицо | фио | ф.и.о. |
        фио клиента | клиент | имя клиента | имя и фамилия | фамилия и имя | фамилия имя отчество |
        main contact | contact full name | full name | contact | contact name | name | client | client name |
        customer | customer name | lead full name
    """,
    Field.FIRST_NAME: "имя | first name | firstname | given name",
    Field.MIDDLE_NAME: "отчество | second name | middle name",
    Field.LAST_NAME: "фамилия | last name | lastname | surname | family name",
    Field.COMPANY: """
        компания | компания контакта | название компании | организация | фирма | юрлицо | название организации |
        company | company name | contact's company | associated company | organization | organisation | account name
    """,
    Field.PHONE: """
        телефон | телефоны | номер телефона | контакты | контактные данные | тел | тел. |
        рабочий телефон | рабочий прямой телефон |
        мобильный телефон | мобильный | сотовый | сотовый телефон | домашний телефон | другой телефон |
        телефон для рассылок | контактный телефон | телефон клиента | основной телефон | whatsapp |
        phone | phones | phone number | contacts | contact details |
        tel | telephone | mobile | mobile phone | mobile phone number | cell |
        cell phone | work phone | work direct phone | direct phone | home phone | other phone | contact phone |
        whatsapp phone number | primary phone
    """,
    Field.EMAIL: """
        почта | электронная почта | эл. почта | эл.почта | адрес электронной почты | имейл | емейл | мейл |
        рабочий email | личный email | другой email | рабочий e-mail | частный e-mail | другой e-mail |
        e-mail для рассылок | основной email | email клиента |
        email | e-mail | emails | email address | mail | work email | work e-mail | home e-mail | home email |
        private email | personal email | other email | other e-mail | contact email | primary email | newsletter email
    """,
    Field.SOURCE: """
        источник | источник лида | источник сделки | источник обращения | канал | рекламный канал | откуда |
        откуда узнали | utm source | source | lead source | original source | original traffic source | latest source |
        latest traffic source | channel
    """,
    Field.CAMPAIGN: """
        кампания | рекламная кампания | utm campaign | campaign | campaign name | utm кампания |
        original source drill-down 1 | original traffic source drill-down 1
    """,
    Field.PRODUCT: """
        товар | товары | продукт | услуга | интерес | интересует | что интересует | что нужно | объект |
        product | products | product name | product of interest | interest | interested in | service
    """,
    Field.REGION: """
        регион | область | область, край | край | республика | штат | region | state | state/region | province | county
    """,
    Field.CITY: "город | населенный пункт | населённый пункт | city | town",
    Field.LANGUAGE: "язык | язык общения | предпочитаемый язык | language | preferred language | lang",
    Field.AMOUNT: """
        бюджет | бюджет сделки | сумма | сумма сделки | общая сумма | ожидаемая сумма | стоимость | цена |
        возможная сумма | budget | sale | amount | deal amount | expected amount | recent deal amount | total | price |
        opportunity | value | deal value
    """,
    Field.CURRENCY: "валюта | currency | deal currency",
    Field.TITLE: """
        название сделки | название лида | название | тема | заголовок | заявка | deal name | deal title | lead title |
        lead name | title | subject
    """,
    Field.COMMENT: """
        комментарий | комментарии | комментарий клиента | примечание | примечания | примечание к сделке | заметка |
        заметки | сообщение | описание | дополнительно | дополнительно об источнике | вопрос | пожелания |
        note | notes | comment | comments | message | description | more about this source | source information |
        additional information | remarks | question
    """,
    Field.RULED: """
        ответственный | ответственный за сделку | ответственный пользователь | менеджер | владелец | исполнитель |
        сотрудник | кем создана сделка | кем создан | кем изменен | кем редактирована | автор | роль | команда | отдел |
        ступень | статус | статус лида | стадия | стадия лида | стадия сделки | этап | этап сделки | воронка |
        доступен для всех | права |
        responsible | responsible user | responsible person | owner | contact owner | hubspot owner | deal owner |
        lead owner | lead assignee | assigned to | manager | created by | modified by | author | user | role | team |
        hubspot team | tier | seat | stage | deal stage | lead stage | pipeline stage | lifecycle stage | lead status |
        contact status | status | state of record | pipeline | is staff | is superuser | permissions |
        available to everyone
    """,
}

_IN_BRACKETS = re.compile(r"\s*\((?:контакт|контакта|компания|сделка|лид|contact|company|deal|lead)\)$")
_NUMBERED = re.compile(r"[\s_#№.]*\d{1,2}$")
_SEPARATORS = re.compile(r"[\s_\u00a0]+")


def field_of(header: str) -> Field | None:
    """The field that a column with this name holds, if it is one that we know."""
    name = _plain(header)
    return _fields().get(name) or _fields().get(_NUMBERED.sub("", name))


def _plain(header: str) -> str:
    """The name without what differs between versions: case, marks, "(contact)", ё."""
    name = unicodedata.normalize("NFKC", header).casefold().replace("ё", "е")
    name = _SEPARATORS.sub(" ", name).strip(" \ufeff\"'*:")
    return _IN_BRACKETS.sub("", name)


@cache
def _fields() -> dict[str, Field]:
    return {_plain(name): field for field, names in SPELLINGS.items() for name in names.split("|")}
