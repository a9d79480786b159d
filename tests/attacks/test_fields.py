"""Fields that no form asks for change nothing: what an act leaves behind is the same with them and without."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.access.matrix.asking import Asking
from tests.access.matrix.world import World
from tests.attacks.forms import Form
from tests.attacks.marks import marks, undone

KEY = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")  # of a new file


def forged(world: World) -> dict[str, Any]:
    """Columns, rights and relations, by their own names."""
    other, stan = world.other, world.seats["stan"]
    numbers = {
        "seat": stan.pk,
        "tier": stan.tier_id,
        "pipeline": other.pk,
        "client": world.items["leads"]["foreign"].client_id,
    }
    return {
        **{f"{name}_id": value for name, value in numbers.items()},
        "id": 1,
        "pk": 1,
        "user": stan.user_id,
        "user_id": stan.user_id,
        "by": stan.user_id,
        "owner": stan.pk,
        "state": "won",
        "stage": "account",
        "role": "lead",
        "is_staff": "on",
        "is_superuser": "on",
        "is_active": "",
        "groups": 1,
        "user_permissions": 1,
        "is_open": "on",
        "awaits_lead": "",
        "rung": 9,
        "hops": 0,
        "marks": 9,
        "owner_since": "2020-01-01",
        "stale_at": "2099-01-01",
        "created_at": "2020-01-01",
        "closed_at": "2020-01-01",
        "opened_at": "2020-01-01",
        "until_at": "2099-01-01",
        "is_muted": "on",
        "approved_by": stan.user_id,
        "_method": "DELETE",
        "_save": "1",
        "_popup": "1",
        "_to_field": "password",
        "amount_rub": 1,
        "__proto__": "x",
    }


@pytest.mark.django_db
def test_an_act_leaves_the_same_behind_with_forged_fields_and_without(house: Asking, forms: list[Form]) -> None:
    wrong, done, extra = {}, 0, forged(house.world)
    for form in forms:
        if form.action.startswith("/admin/") or form.route.startswith("mfa_") or form.route == "erasure:erase":
            # An erasure draws a number of its own each time; what may be sent along with it is told in tests/erasure.
            continue  # the admin asks for rights by these very names; who may give them is told in tests/tiers
        left = []
        more = {name: value for name, value in extra.items() if name not in form.kinds}
        for told in (form.values, more | form.values):
            with undone():
                answer = house.answer(form.who, "POST", form.action, told)
                left.append((answer.status_code, KEY.sub("", answer.headers.get("Location", "")), marks()))
        done += left[0][0] == 303
        tables = [name for name, mark in left[0][2].items() if left[1][2][name] != mark]
        if left[0][:2] != left[1][:2] or tables:
            wrong[form.route] = (left[0][:2], left[1][:2], tables)

    assert wrong == {}
    assert done > 25
