"""A page of the admin as a person fills it: what stands there, what is changed, what the answer says."""

from __future__ import annotations

import html
from typing import Any

from django.forms import BaseForm
from django.http import HttpResponse
from django.test import Client as Browser
from django.urls import reverse

from pipeline_crm.tiers.models import Pipeline
from tests.quick import undrawn


class Sheet:
    """The change page of a pipeline, read once and saved with changes."""

    def __init__(self, browser: Browser, pipeline: Pipeline) -> None:
        self.browser = browser
        self.address = reverse("admin:tiers_pipeline_change", args=[pipeline.pk])
        page = undrawn(browser, self.address)
        assert page.status_code == 200, page.status_code
        self.values = values_on(page)

    def row(self, prefix: str, **known: Any) -> str:
        """The prefix of the row in which these fields have these values, such as `seats-3`."""
        total = int(self.values[f"{prefix}-TOTAL_FORMS"])
        wanted = {name: str(value) for name, value in known.items()}
        rows = (f"{prefix}-{index}" for index in range(total))
        return next(row for row in rows if all(str(self.values.get(f"{row}-{k}")) == v for k, v in wanted.items()))

    def change(self, row: str, **fields: Any) -> Sheet:
        """Writes into a row; None empties or unticks a field."""
        for name, value in fields.items():
            self.values[f"{row}-{name}"] = value
        return self

    def add(self, prefix: str, **fields: Any) -> Sheet:
        """Writes a new row."""
        index = int(self.values[f"{prefix}-TOTAL_FORMS"])
        self.values[f"{prefix}-TOTAL_FORMS"] = index + 1
        return self.change(f"{prefix}-{index}", id="", **fields)

    def delete(self, row: str) -> Sheet:
        """Ticks a row for deletion."""
        return self.change(row, DELETE="on")

    def save(self) -> HttpResponse:
        """Presses Save."""
        return self.browser.post(self.address, {k: v for k, v in self.values.items() if v is not None})


def values_on(page: Any) -> dict[str, Any]:
    """Everything that a browser would send back of an untouched page."""
    values = _values(page.context_data["adminform"].form)
    for inline in page.context_data["inline_admin_formsets"]:
        values |= _values(inline.formset.management_form)
        for form in inline.formset.forms:
            values |= _values(form)
    return values


def _values(form: BaseForm) -> dict[str, Any]:
    found = {field.html_name: field.value() for field in form}
    written = {name: str(value) for name, value in found.items() if not isinstance(value, list | bool | None)}
    lists = {
        name: [str(getattr(item, "pk", item)) for item in value]
        for name, value in found.items()
        if isinstance(value, list)
    }
    return written | lists | {name: "on" for name, value in found.items() if value is True}


def said(page: HttpResponse) -> str:
    """The words of a page, without the marks that HTML needs."""
    return html.unescape(page.content.decode())
