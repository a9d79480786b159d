"""A client of whom there is something in every table that can hold them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client as Browser

from accounts import actions as farming
from accounts.models import Account
from deals import actions as hunting
from deals.models import Deal
from leads import actions as scouting
from leads.models import Lead
from pipeline_crm.access.glass import break_glass
from pipeline_crm.access.identity import system_scope
from pipeline_crm.audit.models import Trap
from pipeline_crm.clients.models import Client, ContactPoint
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor import handoff
from pipeline_crm.conveyor.models import HandOff
from pipeline_crm.erasure import actions
from pipeline_crm.erasure.models import Erasure
from pipeline_crm.exchange.actions import Intake
from pipeline_crm.exchange.making import make_all
from pipeline_crm.exchange.models import Export
from pipeline_crm.exchange.reading import LeadRow, Row
from pipeline_crm.sealing import unseal
from pipeline_crm.tiers.models import Pipeline, Reason, Seat
from pipeline_crm.timeline.models import Entry, Movement, Task
from pipeline_crm.users.models import User
from tests.cast import MONDAY, make_enquiry, reason

Browse = Callable[..., Browser]
PHONE, EMAIL = "+79169998877", "zqmailqz@zqhostqz.example"
NOW = MONDAY + timedelta(hours=2)
LATER = NOW + actions.WAITS
WISH = {"basis": "asked", "although_open": "on"}
# Whatever of the client is written down anywhere bears one of these.
TOKENS = re.compile(r"zq[a-z_]+qz|9998877|999-88-77|••-77")


@pytest.fixture(autouse=True)
def monday(settings: Any, tmp_path: Path) -> Iterator[Any]:
    settings.ERASED_FILE = str(tmp_path / "erased.txt")
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def account(pipeline: Pipeline, sam: Seat, hal: Seat, fay: Seat, olga: User, browse: Browse, root: User) -> Account:
    """A client of whom there is something in every table that can hold them; each word of theirs is a token."""
    row = LeadRow(
        name="zqnameqz zqsurnameqz",
        company="zqcompanyqz",
        phones=(PHONE,),
        emails=(EMAIL,),
        region="zqregionqz",
        city="zqcityqz",
        comment="zqcommentqz",
        campaign="zqcampaignqz",
    )
    Intake(pipeline, by=sam.user).take(Row(1, row, ()), now=MONDAY)
    Lead.objects.update(seat=sam)
    lead = Lead.objects.get()
    scouting.log_touch(lead.pk, kind="call", outcome="reached", text="zqtouchqz", by=sam.user, now=MONDAY)
    belt.note(Lead, lead.pk, text="zqnoteqz", by=sam.user, now=MONDAY)
    belt.set_task(Lead, lead.pk, title="zqtaskqz", due_at=LATER, by=sam.user, now=MONDAY)
    words = {name: f"zq{name}qz" for name in ("summary", "need", "budget", "timing", "decider", "next_step")}
    brief = handoff.Brief(**words)
    offered = hunting.offer_from_lead(lead.pk, brief=brief, by=sam.user, now=MONDAY)
    hunting.return_to_scout(
        offered.to_id, reason=reason(pipeline, Reason.Kind.RETURN_DEAL), comment="zqreturnqz", by=hal.user, now=MONDAY
    )
    again = hunting.offer_from_lead(lead.pk, brief=brief, by=sam.user, now=MONDAY)
    handoff.accept(Deal, again.to_id, by=hal.user, now=MONDAY)
    Deal.objects.filter(pk=again.to_id).update(amount=Decimal(900), comment="zqdealqz", competitor="zqrivalqz")
    task = Task.objects.get()
    belt.finish_task(Deal, again.to_id, task_id=task.pk, by=hal.user, now=MONDAY)
    farming.win(again.to_id, brief=brief, by=hal.user, now=MONDAY)
    account = Account.objects.get()
    handoff.accept(Account, account.pk, by=fay.user, now=MONDAY)
    Account.objects.update(comment="zqaccountqz")
    scouting.capture(pipeline, make_enquiry(phone=PHONE, comment="zqagainqz"), by=None, now=MONDAY)
    make_traces(account, browse, olga, fay, root)
    return Account.objects.get(pk=account.pk)


def make_traces(account: Account, browse: Browse, olga: User, fay: Seat, root: User) -> None:
    """What others leave behind who read, search, export and administer."""
    for person in (browse(olga), browse(fay)):
        person.get(f"/accounts/{account.pk}/")
        person.post(f"/accounts/{account.pk}/reveal/")
        person.get(f"/find/?q={PHONE}")
    browse(fay).post(f"/accounts/{account.pk}/task/", {"title": "zqlastqz", "due_at": "2026-11-20T12:00"})
    last = Task.objects.latest("pk")
    browse(fay).post(f"/accounts/{account.pk}/task/{last.pk}/done/")  # its words wait in the session for the next page
    wish = {"format": "csv", "contacts": "none", "reason": "zqnameqz zqsurnameqz asks for it"}
    browse(olga).post("/exports/new/account/?view=team&q=zqsurnameqz", wish)
    make_all(now=NOW)
    break_glass(pipeline=account.pipeline, reason=f"The client {EMAIL} asks", span=timedelta(hours=1), by=root, now=NOW)
    LogEntry.objects.create(
        user=root,
        content_type=ContentType.objects.get_for_model(Client),
        object_id=str(account.client_id),
        object_repr="zqnameqz",
        action_flag=CHANGE,
        change_message="zqnameqz",
    )
    Trap.objects.create(client_id=account.client_id, pipeline_id=account.pipeline_id, by=olga, at=NOW)


def dump() -> str:
    """Every row of every table, as text; what lies sealed is opened by whoever has the keys."""
    with connection.cursor() as cursor, system_scope("a test reads everything"):
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        rows = []
        for name in tables:
            cursor.execute(f'SELECT each::text FROM "{name}" each')  # noqa: S608
            rows += [f"{name}: {row}" for (row,) in cursor.fetchall()]
    rows += [f"django_session opened: {json.dumps(one.get_decoded())}" for one in Session.objects.all()]
    rows += [f"exchange_export opened: {unseal(one.question)}" for one in Export.objects.all()]
    rows += [f"clients_contactpoint opened: {one.opened()}" for one in ContactPoint.objects.all()]
    return "\n".join(rows)


def found_in(text: str) -> set[str]:
    """The tables whose rows bear a token."""
    return {line.partition(":")[0] for line in text.splitlines() if TOKENS.search(line)}


def figures() -> list[Any]:
    """What the firm counts."""
    return [
        list(model.objects.order_by("pk").values(*fields))
        for model, fields in (
            (Lead, ("state", "amount", "reason", "source", "product", "created_at", "seat", "step", "tier", "version")),
            (Deal, ("state", "amount", "reason", "closed_at", "created_at", "seat", "step", "tier", "version")),
            (Account, ("state", "bought_total", "purchases", "last_purchase_at", "seat", "step", "tier", "version")),
            (Movement, ("stage", "record_id", "version", "cause", "by", "at", "from_state", "to_state", "why")),
            (Entry, ("kind", "by", "at", "outcome")),
            (HandOff, ("state", "giver", "receiver", "offered_at", "answered_at", "reason", "mark")),
        )
    ]


def sums_told(browser: Browser, account: Account) -> list[str]:
    """The pages on which a head of sales reads figures, without the bell above them and the tokens against forgery."""
    pages = [f"/reports/conveyor/{account.pipeline_id}/", f"/reports/conveyor/{account.pipeline_id}/?days=365"]
    told = [browser.get(page).content.decode() for page in pages]
    mains = [page[page.index("</header>") : page.index("</main>")] for page in told]
    return [re.sub(r'(csrfmiddlewaretoken" value=")[^"]*', r"\1", main) for main in mains]


def ask(browser: Browser, account: Account, **more: Any) -> Erasure:
    answer = browser.post(f"/requests/account/{account.pk}/erase/", WISH | more)
    assert answer.status_code == 303, answer.content.decode()
    return Erasure.objects.latest("pk")
