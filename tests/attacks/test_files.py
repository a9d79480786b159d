"""Files for the import: refused with a sentence, or read row by row; nothing is unpacked, fetched, or kept whole."""

from __future__ import annotations

import tracemalloc
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from leads.models import Lead
from pipeline_crm.tiers.models import Pipeline, Seat
from pipeline_crm.users.models import User
from tests.attacks.files import File, every_file
from tests.attacks.marks import changed, marks

MEMORY = 96 << 20  # bytes, for any file of the corpus


@pytest.mark.parametrize("file", list(every_file()), ids=lambda file: file.name)
def test_a_file_is_refused_with_a_sentence_or_read(pipeline: Pipeline, sam: Seat, tmp_path: Any, file: File) -> None:
    path, before = tmp_path / "leads.csv", marks()
    path.write_bytes(file.content)
    tracemalloc.start()

    try:
        call_command("import_leads", path, pipeline=pipeline.name, stdout=StringIO(), stderr=StringIO())
        told = ""
    except CommandError as refused:
        told = str(refused)
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most < MEMORY
    assert (told[-1:] == ".", Lead.objects.count()) == (file.leads is None, file.leads or 0)
    if file.leads is None:
        assert (changed(before), "/" in told) == ([], False)
    allowed = {(pipeline.pk, "new")}
    assert {(lead.pipeline_id, lead.state) for lead in Lead.objects.all()} <= allowed
    assert not User.objects.filter(is_staff=True).exists()
