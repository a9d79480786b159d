"""The database of a test process: migrated once for all processes of a run, copied by each of them.

Django builds every model anew, and all that are related to it, when a migration adds an index, a constraint or a trigger;
none of them tells of fields. Here such a change is written onto the model that stands, which takes half of the time away;
`tests/setup/test_owners.py` compares the outcome with what the plain `migrate` makes.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.db.migrations.state import ProjectState
from django_fsm import FSMFieldMixin
from pgtrigger.migrations import AddTrigger, RemoveTrigger

NAME = "template_of_tests"
TOLD = """
SELECT setrole::regrole::text, unnest(setconfig)
FROM pg_db_role_setting WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = %s)
"""
FIELDLESS = ("indexes", "constraints", "triggers")


def lend_template(run: str) -> None:
    """Sees that the migrated database of this run is there, and has the next test database made from it."""
    with connection._nodb_cursor() as cursor:
        # Whoever comes first migrates; the others wait for the lock.
        cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", [NAME])
        cursor.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
            [NAME],
        )
        if cursor.fetchone() != (run,):
            _migrate_template()
            cursor.execute(f"COMMENT ON DATABASE {NAME} IS %s", [run])
        cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [NAME])
    settings.DATABASES["default"]["TEST"]["TEMPLATE"] = NAME


def say_again_of_the_database() -> None:
    """Gives the test database the settings that migrations gave to the template for whoever signs in."""
    with connection.cursor() as cursor:
        cursor.execute(TOLD, [NAME])
        for role, told in cursor.fetchall():
            name, _equals, value = told.partition("=")
            cursor.execute(
                f'ALTER ROLE {role} IN DATABASE "{connection.settings_dict["NAME"]}" SET {name} = %s', [value]
            )


def _migrate_template() -> None:
    told = connection.settings_dict
    ours, wanted = told["NAME"], told["TEST"]["NAME"]
    told["TEST"]["NAME"] = NAME
    try:
        connection.creation.create_test_db(verbosity=0, autoclobber=True)
    finally:
        # Nobody may be connected to a database while it is copied.
        connection.close()
        told["NAME"], told["TEST"]["NAME"] = ours, wanted


def change_in_place(patch: pytest.MonkeyPatch) -> None:
    """Migrations of this process change indexes, constraints and triggers of a model without building it anew."""
    reload_model, in_place = ProjectState.reload_model, []

    def reloaded(self: ProjectState, app_label: str, model_name: str, delay: bool = False) -> None:
        if not in_place:
            reload_model(self, app_label, model_name, delay)
        elif "apps" in self.__dict__:
            _write_onto(self.apps.get_model(app_label, model_name)._meta, self.models[app_label, model_name].options)

    def gently(change: Any) -> Any:
        def changed(*words: Any, **named: Any) -> Any:
            in_place.append(True)
            try:
                return change(*words, **named)
            finally:
                in_place.pop()

        return changed

    patch.setattr(ProjectState, "reload_model", reloaded)
    for name in ("_append_option", "_remove_option", "_alter_option"):
        patch.setattr(ProjectState, name, gently(getattr(ProjectState, name)))
    for operation in (AddTrigger, RemoveTrigger):
        patch.setattr(operation, "state_forwards", gently(operation.state_forwards))


def _write_onto(meta: Any, options: dict[str, Any]) -> None:
    for name in FIELDLESS:
        if name in options:
            setattr(meta, name, list(options[name]))
            meta.original_attrs[name] = getattr(meta, name)
    meta.__dict__.pop("total_unique_constraints", None)


def forget_past_models(patch: pytest.MonkeyPatch) -> None:
    """A state machine of a model as it once was listens no longer when other models are made; it has no transitions."""
    from django.db.models.signals import class_prepared

    contribute = FSMFieldMixin.contribute_to_class

    def contributed(self: Any, model: Any, *words: Any, **named: Any) -> None:
        contribute(self, model, *words, **named)
        if model.__module__ == "__fake__":
            class_prepared.disconnect(self._collect_transitions)

    patch.setattr(FSMFieldMixin, "contribute_to_class", contributed)
