"""Every address has a door: the resolver is walked, and whatever stands open without saying so fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, NamedTuple

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client as Browser
from django.urls import URLPattern, URLResolver, include, path
from django.urls import get_resolver as resolver_of
from django.urls.converters import IntConverter, StringConverter
from django.urls.resolvers import RoutePattern
from django.views.decorators.http import require_POST
from guardian.shortcuts import assign_perm

from pipeline_crm.access.gate import DOORS, may
from pipeline_crm.tiers.models import Pipeline
from pipeline_crm.users.models import User

# Open on purpose. Those of the second group ask for a right of their own; the rest shows nothing of the firm's.
FOR_STRANGERS = {
    "healthz",
    *("account_login", "account_logout", "account_signup", "account_inactive"),
    *("account_reset_password", "account_reset_password_done"),
    *("account_reset_password_from_key", "account_reset_password_from_key_done"),
    *("account_confirm_email", "account_email_verification_sent", "account_confirm_login_code"),
    *("mfa_authenticate", "mfa_login_webauthn"),
}
OF_OTHERS = {
    *("account_change_password", "account_set_password", "account_email", "account_reauthenticate"),
    *("mfa_index", "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "mfa_activate_totp", "mfa_deactivate_totp"),
    *("mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_download_recovery_codes"),
    *("mfa_list_webauthn", "mfa_add_webauthn", "mfa_edit_webauthn", "mfa_remove_webauthn", "usersessions_list"),
}
ADMIN = "admin/"
PUBLIC = {
    "workbench:language",
    "workbench:theme",
    "access:join",
}  # declared in code as `public`; another is said here first
WORDS = {"stage": "lead"}


class Address(NamedTuple):
    """One pattern of the resolver."""

    name: str
    route: str
    example: str
    view: Callable[..., Any]

    @property
    def door(self) -> str:
        return getattr(self.view, "door", "")

    @property
    def is_ours(self) -> bool:
        return not self.route.startswith(ADMIN) and self.name not in FOR_STRANGERS | OF_OTHERS


def addresses(house: Any = None) -> Iterator[Address]:
    """Every address of the house, the one by one."""
    yield from _below(resolver_of(house), "", "", ())


def _below(node: URLResolver, route: str, example: str, rooms: tuple[str, ...]) -> Iterator[Address]:
    for pattern in node.url_patterns:
        here, shown = f"{route}{pattern.pattern}", example + _example(pattern)
        if isinstance(pattern, URLResolver):
            inside = (*rooms, pattern.namespace) if pattern.namespace else rooms
            yield from _below(pattern, here, shown, inside)
        else:
            assert isinstance(pattern, URLPattern)
            yield Address(":".join((*rooms, pattern.name or "")), here, shown, pattern.callback)


def _example(pattern: URLPattern | URLResolver) -> str:
    """The pattern with plausible words in its places."""
    if not isinstance(pattern.pattern, RoutePattern):
        return str(pattern.pattern).strip("^$")
    text = str(pattern.pattern)
    for word, converter in pattern.pattern.converters.items():
        kind = "int" if isinstance(converter, IntConverter) else "str" if isinstance(converter, StringConverter) else ""
        value = "1" if kind == "int" else WORDS.get(word, "word")
        text = text.replace(f"<uuid:{word}>", "00000000-0000-4000-8000-000000000000")
        for form in (f"<{kind}:{word}>", f"<{word}>", f"<path:{word}>", f"<slug:{word}>"):
            text = text.replace(form, value)
    return text


def without_door(house: Any = None) -> list[str]:
    """Addresses whose view declares no door, or one that nobody knows."""
    return [
        address.route or "/"
        for address in addresses(house)
        if address.is_ours and not (address.door in DOORS or (address.door == "public" and address.name in PUBLIC))
    ]


def answers_strangers(browser: Browser, house: Any = None) -> list[str]:
    """Addresses that answer somebody who has not signed in with anything but the way to the sign-in."""
    wrong = []
    for address in addresses(house):
        if not address.is_ours or address.name in PUBLIC:
            continue
        for method in ("get", "post", "head", "put", "delete"):
            answer = getattr(browser, method)(f"/{address.example}")
            if answer.status_code != 302 or not answer.headers["Location"].startswith("/auth/login/?next="):
                wrong.append(f"{method} {address.route}: {answer.status_code}")
    return wrong


def test_every_view_declares_its_door() -> None:
    assert without_door() == []


def test_what_is_open_is_still_there() -> None:
    """A name on the list of exceptions that nobody uses any more would excuse the next one to bear it."""
    names = {address.name for address in addresses()}

    assert (FOR_STRANGERS | OF_OTHERS | PUBLIC) - names == set()


@pytest.mark.django_db
def test_strangers_are_led_to_the_sign_in_everywhere(client: Browser) -> None:
    assert answers_strangers(client) == []


@pytest.mark.django_db
def test_others_pages_keep_their_own_doors(client: Browser) -> None:
    """The admin and the pages of allauth about a person ask for a sign-in by themselves."""
    asked = [one for one in addresses() if one.route.startswith(ADMIN) or one.name in OF_OTHERS]

    answers = {one.example: client.get(f"/{one.example}") for one in asked if "jsi18n" not in one.route}

    assert {
        example: answer.status_code
        for example, answer in answers.items()
        if answer.status_code != 302 or not answer.headers["Location"].startswith("/a")
    } == {}


def test_what_changes_something_answers_no_link(
    browse: Callable[[Any], Browser], pipeline: Pipeline, root: User
) -> None:
    """Behind its door an act knows POST alone; a page knows no verbs that nobody uses."""
    # Every door opens to an administrator who heads a pipeline, too.
    assign_perm("tiers.head_pipeline", root, pipeline)
    browser, acts, pages = browse(root), [], []
    for address in addresses():
        if not address.is_ours:
            continue
        at = f"/{address.example}"
        answers = {method: getattr(browser, method)(at).status_code for method in ("get", "options", "put", "trace")}
        assert set(list(answers.values())[1:]) == {405}, address.route
        (acts if answers["get"] == 405 else pages).append(address.name)

    assert sorted(acts) == sorted(ACTS)
    assert set(pages) & set(ACTS) == set()


ACTS = [
    "oversight:stop-viewing",
    *("workbench:take-next", "workbench:read-notices", "workbench:language", "workbench:theme", "workbench:pipeline"),
    *(
        f"{room}:{act}"
        for room in ("leads", "deals", "accounts")
        for act in ("claim", "release", "move", "reveal", "dial")
    ),
    *(f"{room}:{act}" for room in ("leads", "deals", "accounts") for act in ("task-done", "unshare")),
    *(f"{room}:{act}" for room in ("deals", "accounts") for act in ("accept", "mark")),
    *("leads:contact", "leads:reopen", "deals:reopen", "accounts:doubt", "accounts:calm", "accounts:win-back"),
    *(f"reports:team-{act}" for act in ("move", "undo", "close", "open", "away", "back", "pause", "resume")),
    *(f"exchange:{act}" for act in ("approve", "refuse", "withdraw", "make", "fetch")),
    *("workbench:pause", "workbench:resume", "access:end-device", "access:close-glass"),
    *("oversight:lay", "oversight:take-up"),
    *("erasure:erase", "erasure:copy", "erasure:stop"),
]


# The alarm -------------------------------------------------------------------------------------------------------


def bare(_request: HttpRequest, pk: int = 0) -> HttpResponse:
    """A view that somebody forgot to give a door."""
    return HttpResponse(f"everything about {pk}")


def painted(request: HttpRequest) -> HttpResponse:
    """A view with a door that is painted on the wall."""
    return bare(request)


painted.door = "self"  # type: ignore[attr-defined]


def strange(request: HttpRequest) -> HttpResponse:
    """A view behind a door that nobody built."""
    return bare(request)


strange.door = "everybody"  # type: ignore[attr-defined]


def broken_house() -> ModuleType:
    """A house in which three rooms stand open."""
    house = ModuleType("broken_house")
    inner = ([path("export/<int:pk>/", bare, name="export")], "hidden")
    house.urlpatterns = [  # type: ignore[attr-defined]
        path("deep/", include(inner)),
        path("strange/", strange, name="strange"),
        path("painted/", painted, name="painted"),
        path("good/", may("self")(require_POST(bare)), name="good"),
    ]
    return house


def test_the_alarm_rings_for_a_view_without_a_door() -> None:
    assert without_door(broken_house()) == ["deep/export/<int:pk>/", "strange/"]


@pytest.mark.django_db
def test_the_alarm_rings_for_a_door_that_is_only_painted(client: Browser, settings: Any) -> None:
    house = broken_house()
    house.urlpatterns += resolver_of().url_patterns  # type: ignore[attr-defined]
    settings.ROOT_URLCONF = house

    wrong = answers_strangers(client, house)

    assert {line.split()[1] for line in wrong} == {"deep/export/<int:pk>/:", "strange/:", "painted/:"}


def test_a_door_must_be_one_of_those_there_are() -> None:
    with pytest.raises(KeyError):
        may("everybody")
