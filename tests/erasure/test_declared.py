"""Every text that the database keeps is declared: who erases it, or why it holds no client's data."""

from __future__ import annotations

from collections import Counter

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models

from pipeline_crm.erasure.declared import ERASED, KEPT, fields_in

# What can hold no words: numbers, hours, yes and no, and keys of other rows.
WORDLESS = (
    models.AutoField,
    models.IntegerField,
    models.ForeignKey,
    models.DateField,
    models.TimeField,
    models.BooleanField,
    models.DecimalField,
    models.FloatField,
    models.DurationField,
)


def texts_of(*rooms: type[models.Model]) -> set[str]:
    """Every field of these models that can hold words."""
    return {
        f"{model._meta.label}.{field.name}"
        for model in rooms
        if not model._meta.proxy and model._meta.managed
        for field in model._meta.concrete_fields
        if not isinstance(field, WORDLESS) or isinstance(field, ArrayField)
    }


def test_every_text_of_every_model_is_declared_once() -> None:
    declared = Counter([*fields_in(ERASED), *(field for table in KEPT.values() for field in fields_in(table))])

    assert [field for field, times in declared.items() if times > 1] == []
    assert set(declared) == texts_of(*apps.get_models(include_auto_created=True))


def test_a_text_that_nobody_declared_is_found() -> None:
    class Diary(models.Model):
        pages = models.TextField()
        marks = ArrayField(models.CharField(max_length=9))
        files = models.FileField()
        words = models.JSONField()
        count = models.IntegerField()

        class Meta:
            app_label = "erasure"
            managed = True

        def __str__(self) -> str:
            return f"{self.pk}"

    try:
        assert texts_of(Diary) == {f"erasure.Diary.{name}" for name in ("pages", "marks", "files", "words")}
    finally:
        del apps.all_models["erasure"]["diary"]
        apps.clear_cache()
