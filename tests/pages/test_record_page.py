"""A record's page: its empty forms are printed once, its questions are few, and neither shows anything out of date."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone

from deals.models import DealLine
from leads.models import Lead
from pipeline_crm.access.sight import read_sight
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor import folder as folders
from pipeline_crm.conveyor import hands, opening, printed
from pipeline_crm.conveyor.forms import NoteForm, TaskForm, TouchForm
from pipeline_crm.conveyor.printed import Press
from pipeline_crm.conveyor.records import ConveyorItem
from pipeline_crm.conveyor.why import why_by, why_this_owner
from pipeline_crm.tiers.models import Pipeline, Reason, Seat
from pipeline_crm.tiers.setup import setup
from pipeline_crm.timeline.models import Entry, Task
from pipeline_crm.users.models import User
from tests.cast import MONDAY, make_contacted, make_deal, make_lead, reason
from tests.counting import Questions
from tests.pages.reading import text_of

Browse = Callable[..., Browser]


def page_of(browser: Browser, lead: Lead) -> str:
    return text_of(browser, f"/leads/{lead.pk}/")


# Forms -----------------------------------------------------------------------------------------------------------------


def test_a_form_is_sent_to_its_own_record_with_its_own_version(browse: Browse, sam: Seat) -> None:
    first, second = make_contacted(sam), make_lead(sam)
    browser = browse(sam)
    page_of(browser, first)

    told = page_of(browser, second)

    assert set(re.findall(r'action="(?:/leads/)(\d+)/', told)) == {str(second.pk)}
    assert set(re.findall(r'name="version" value="([^"]*)"', told)) == {str(Lead.objects.get(pk=second.pk).version)}
    assert set(re.findall(r'name="next" value="([^"]*)"', told)) == {f"/leads/{second.pk}/"}


def test_everybody_has_a_token_of_their_own_in_every_form(browse: Browse, sam: Seat, lena: Seat) -> None:
    lead = make_lead(sam)

    first, second = (
        set(re.findall(r'name="csrfmiddlewaretoken" value="([^"]*)"', page_of(browse(who), lead)))
        for who in (sam, lena)
    )

    assert first
    assert second
    assert first & second == set()
    assert all(len(token) == 64 for token in first | second)


def test_a_reason_that_is_renamed_is_called_so_at_once(browse: Browse, pipeline: Pipeline, sam: Seat) -> None:
    lead, browser = make_lead(sam), browse(sam)
    listed = reason(pipeline, Reason.Kind.DISQUALIFY)
    before = page_of(browser, lead)

    Reason.objects.filter(pk=listed.pk).update(name="Moved abroad")
    after = page_of(browser, lead)

    assert (listed.name in before, "Moved abroad" in before) == (True, False)
    assert "Moved abroad" in after


def test_a_colleague_who_is_renamed_or_leaves_is_offered_so_at_once(
    browse: Browse, sam: Seat, sue: Seat, lena: Seat
) -> None:
    lead, browser = make_lead(sam), browse(lena)
    offered = [f'value="{sue.pk}">{sue.user.name}' in page_of(browser, lead)]

    User.objects.filter(pk=sue.user_id).update(last_name="Summer")
    offered.append(f'value="{sue.pk}">{sue.user.first_name} Summer' in page_of(browser, lead))
    Seat.objects.filter(pk=sue.pk).update(is_open=False)
    offered.append(f'<option value="{sue.pk}"' in page_of(browser, lead))

    assert offered == [True, True, False]


def test_a_form_is_in_the_language_of_whoever_reads_it(browse: Browse, sam: Seat, lena: Seat) -> None:
    lead = make_lead(sam)
    User.objects.filter(pk=lena.user_id).update(language="ru")

    told = [page_of(browse(who), lead) for who in (sam, lena, sam)]

    assert ["Save the note" in page for page in told] == [True, False, True]


def told_of(steps: list[hands.Step]) -> list[tuple[object, ...]]:
    return [(*step[:5], step.holder and step.name) for step in steps]


class FittedForm(NoteForm):
    """Fitted to each record, as a form may be that somebody writes and forgets to say by what it differs."""

    def suit(self, item: ConveyorItem) -> None:
        self.fields["text"].help_text = f"About {item.client.name}"


def test_a_form_that_does_not_say_by_what_it_differs_is_not_kept(sam: Seat) -> None:
    first, second = make_lead(sam, name="Fred Ames"), make_lead(sam, name="Vera Orlova")

    told = [Press(lead, setup(), "/", "token").print(FittedForm) for lead in (first, second)]

    assert ["Fred Ames" in sheet for sheet in told] == [True, False]
    assert "Vera Orlova" in told[1]


def test_the_form_that_is_least_used_makes_room(sam: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printed, "_kept", OrderedDict())
    monkeypatch.setattr(printed, "KEPT", 2)
    press = Press(make_lead(sam), setup(), "/", "token")

    for form in (NoteForm, TaskForm, NoteForm, TouchForm):
        press.print(form)

    assert [key[0] for key in printed._kept] == [NoteForm, TouchForm]


# Questions -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", ["lead", "deal"])
def test_a_record_asks_six_questions_and_notes_who_reads_it(browse: Browse, sam: Seat, hal: Seat, stage: str) -> None:
    item, seat = (make_contacted(sam), sam) if stage == "lead" else (make_deal(sam, hal), hal)
    browser, address = browse(seat), f"/{stage}s/{item.pk}/"
    text_of(browser, address)

    with Questions() as asked:
        text_of(browser, address)

    assert len(asked) == 7


def test_what_is_found_at_once_is_what_there_is(pipeline: Pipeline, sam: Seat, hal: Seat) -> None:
    deal = make_deal(sam, hal, phone="+79161234508")
    now = timezone.now()
    belt.set_task(type(deal), deal.pk, title="Send a plan", due_at=now + timedelta(days=1), by=hal.user, now=now)
    opening.reveal(type(deal), deal.pk, by=hal.user, now=now)
    house = setup()
    house.attach([deal])

    found = folders.open_folder(deal, user_id=hal.user_id, house=house, now=now)

    assert found.handoffs == folders.handoffs_of(deal, deal.trail(), house)
    assert told_of(found.steps(house)) == told_of(hands.walk(deal.trail(), house))
    assert [entry.text for entry in found.entries] == [
        entry.text for entry in Entry.objects.filter(client=deal.client_id).order_by("-at", "-id")
    ]
    assert {entry.by.name for entry in found.entries if entry.by} == {"Sam Scout", "Hal Hunter"}
    assert (found.points, found.revealed) == ([("phone", "+7 916 •••-••-08")], 1)
    assert (found.tasks, found.ticked) == (list(Task.objects.all()), [])
    assert why_by(found.moves, deal, house) == why_this_owner(deal, house)


def test_of_a_history_longer_than_a_page_nobody_is_forgotten(sam: Seat, sue: Seat) -> None:
    lead = make_contacted(sam)
    steps = list(lead.pipeline.steps.filter(stage="lead"))
    for number in range(60):
        at = MONDAY + timedelta(minutes=number + 1)
        belt.move_step(Lead, lead.pk, step_id=steps[(number + 1) % 2].pk, by=sam.user, now=at)
    lead, house = Lead.objects.get(pk=lead.pk), setup()
    house.attach([lead])

    found = folders.open_folder(lead, user_id=read_sight(sam.user).user_id or 0, house=house, now=timezone.now())

    assert (found.whole, len(found.moves)) == (False, folders.MOST_FACTS)
    assert found.steps(house) == hands.walk(lead.trail(), house)


def test_what_json_would_spell_otherwise_is_not_read_out_of_it() -> None:
    with pytest.raises(TypeError, match="DealLine cannot be read"):
        folders._revived(DealLine, [])


def test_the_lines_of_a_deal_keep_their_kopecks(browse: Browse, pipeline: Pipeline, sam: Seat, hal: Seat) -> None:
    deal = make_deal(sam, hal)
    product = pipeline.products.create(name="Two <b>rooms</b>")
    DealLine.objects.create(deal=deal, product=product, quantity="1.50", price="9999999999.99")

    told = text_of(browse(hal), f"/deals/{deal.pk}/")

    assert "Two &lt;b&gt;rooms" in told
    assert "1.5 × 9\u00a0999\u00a0999\u00a0999.99" in told
