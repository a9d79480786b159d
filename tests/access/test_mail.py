"""A mail leaves the house, so it knows no client: only numbers, kinds and an address to read more at."""

from __future__ import annotations

from datetime import timedelta

from django.core import mail as post

from pipeline_crm.outbox import letters
from pipeline_crm.outbox.digests import ring
from pipeline_crm.outbox.models import Notice
from pipeline_crm.users.models import User
from tests.access.world import World
from tests.cast import MONDAY
from tests.outbox.wishes import hears, told

DAY = timedelta(days=1)


def mail_to_everybody(world: World) -> str:
    """All that the digests say, when everybody was told of every kind of event with a client in the world."""
    for user in User.objects.filter(is_active=True):
        hears(user, "hourly", now=MONDAY)
        for kind in Notice.Kind:
            told(user, kind, f"canary:{kind}")
        Notice.objects.filter(user=user, record_id=1).update(record_id=world.items["mine.lead"].pk)
    ring(now=MONDAY + DAY)
    assert len(post.outbox) == User.objects.filter(is_active=True).count() == 10
    return "\n".join(
        f"{letter.message()} {letter.body} {letter.subject} {letter.alternatives[0][0]}" for letter in post.outbox
    )


def names_in(world: World, text: str) -> set[str]:
    """Whatever is said of a client or a colleague."""
    words = {token.text for token in world.tokens} | {word for contacts in world.contacts.values() for word in contacts}
    words |= {name for user in User.objects.all() for name in (user.name, user.first_name, user.last_name)}
    return {word for word in words if word and word in text}


def test_no_mail_holds_a_word_about_a_client_or_a_colleague(firm: World) -> None:
    assert names_in(firm, mail_to_everybody(firm)) == set()


def test_the_alarm_rings_for_a_mail_that_names_a_client(firm: World, monkeypatch) -> None:
    name = firm.items["mine.lead"].client.name
    monkeypatch.setattr(letters, "ngettext", lambda *_words: f"%(n)d new: {name}")

    assert names_in(firm, mail_to_everybody(firm)) >= {"zqmineqnameqz"}
