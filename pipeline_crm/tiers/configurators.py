"""Who administers structure and people, and what for that they may do in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import transaction

from pipeline_crm.users.models import User

GROUP = "Configurators"
ADMINISTERED = (
    "pipeline", "tier", "seat", "absence", "shift", "step", "rung", "rule", "source", "product", "reason",
    "workinghours", "dayoff",
)  # fmt: skip
# People are never deleted, they are deactivated.
PEOPLE = ("add_user", "change_user", "view_user")


def found(groups: Any, permissions: Any) -> Group:
    """The group with its permissions, made if need be; given by managers, so that a migration may use its own."""
    group, _ = groups.get_or_create(name=GROUP)
    codenames = [f"{verb}_{model}" for verb in ("add", "change", "delete", "view") for model in ADMINISTERED]
    structure = permissions.filter(content_type__app_label="tiers", codename__in=codenames)
    people = permissions.filter(content_type__app_label="users", codename__in=PEOPLE)
    group.permissions.set([*structure, *people])
    return group


@transaction.atomic
def make_configurator(user: User) -> None:
    """Lets a person administer structure and people, and nothing else."""
    user.is_staff = True
    user.save(update_fields=["is_staff"])
    user.groups.add(found(Group.objects, Permission.objects))
