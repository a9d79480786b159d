"""The tags draw what the words say, and nothing that a stranger wrote gets past them unescaped."""

import re
from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation

from pipeline_crm.conveyor import faces
from pipeline_crm.conveyor.parcels import Table, move_menu

HOSTILE = "<b onclick=x>&\"'"
TEMPLATES = ("templates/**/*.html", "*/templates/**/*.html", "pipeline_crm/*/templates/**/*.html")
ICON = re.compile(
    r'{%-? *(?:icon|dot) "([a-z0-9-]+)"|sign="([a-z0-9-]+)"|{% gate "[a-z]+" "([a-z0-9-]+)"|empty_state "([a-z0-9-]+)"'
)


def draw(source: str, **facts: object) -> str:
    """What a template with our tags gives."""
    return Template("{% load belt %}" + source).render(
        Context({"request": RequestFactory().get("/?step=3&sort=due&after=9"), **facts})
    )


def test_the_sprite_has_every_icon_that_a_template_names():
    listed = set((settings.BASE_DIR / "ui" / "icons.txt").read_text().split())
    templates = [path for folder in TEMPLATES for path in settings.BASE_DIR.glob(folder)]

    named = {name for path in templates for groups in ICON.findall(path.read_text()) for name in groups if name}
    known = named | set(faces.STAGE_ICONS.values()) | set(faces.GATE_ICONS.values())

    assert known - listed == set()
    assert len(templates) > 20


def test_the_list_of_icons_is_sorted_and_names_each_once():
    names = Path(settings.BASE_DIR / "ui" / "icons.txt").read_text().split()

    assert names == sorted(set(names))


def test_the_sprite_is_cut_from_the_icons_that_are_used():
    names = Path(settings.BASE_DIR / "ui" / "icons.txt").read_text().split()
    sources = [*TEMPLATES, "*/*.py", "pipeline_crm/**/*.py"]
    words = "".join(path.read_text() for folder in sources for path in settings.BASE_DIR.glob(folder))

    assert [name for name in names if not re.search(rf"[\"' ]{name}[\"' ]", words)] == []


@pytest.mark.parametrize(
    "source",
    [
        "{% clock face %}",
        "{% stage_tag 'deal' words %}",
        "{% flag words %}",
        "{% avatar words %}",
        "{% bar 1 2 label=words %}",
        "{% big_belt belt %}",
        "{% empty_state 'inbox' words words '/' words %}",
        "{% drop words %}{{ words }}{% enddrop %}",
        "{% switch links %}",
        "{{ words|signed }}",
        "{% money 5 words %}",
    ],
)
def test_what_people_write_is_escaped(source):
    belt = faces.Belt((faces.Stretch("lead", "now", HOSTILE, HOSTILE, (HOSTILE,), 1, HOSTILE),), ())

    drawn = draw(
        source,
        face=faces.ClockFace("paused", 0, HOSTILE),
        words=HOSTILE,
        belt=belt,
        links=[faces.Link("/", HOSTILE)],
    )

    assert "<b onclick" not in drawn


def test_a_running_clock_has_an_arc_and_a_late_one_a_mark():
    assert 'stroke-dasharray="22 100"' in draw("{% clock face %}", face=faces.ClockFace("soon", 22, "9 min left"))
    assert "M10 6v4.6M10 13.6v.1" in draw("{% clock face %}", face=faces.ClockFace("over", 0, "2 h late"))
    assert draw("{% clock face %}", face=None) == ""


def test_a_stage_is_named_in_the_readers_language():
    with translation.override("ru"):
        assert "Сделка" in draw("{% stage_tag 'deal' %}")


def test_a_pile_has_one_box_for_five_records():
    drawn = draw("{% pile 42 stale=8 %}")

    assert drawn.count('class="box"') == 9
    assert drawn.count('class="box-stale"') == 2


def test_the_next_page_keeps_the_filters():
    assert 'href="?step=3&amp;sort=due&amp;after=77"' in draw("{% next_page 77 %}")
    assert draw("{% next_page None %}").strip() == ""


def test_a_card_moves_to_any_step_but_its_own():
    table = Table(((1, "Call"), (2, HOSTILE)), "/?step=3&sort=due", "secret", HOSTILE)

    drawn = move_menu(HOSTILE, HOSTILE, "/move/", 7, table, 2, "/win/", table.out_word)

    assert 'name="step" value="1">' in drawn
    assert 'name="step" value="2" disabled>' in drawn
    assert 'name="version" value="7"' in drawn
    assert 'name="csrfmiddlewaretoken" value="secret"' in drawn
    assert 'name="next" value="/?step=3&amp;sort=due"' in drawn
    assert 'href="/win/"' in drawn
    assert "<b onclick" not in drawn


class Question(forms.Form):
    name = forms.CharField(label="Name", help_text="As on the contract.")
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea)
    agreed = forms.BooleanField(label="Agreed", required=False)
    token = forms.CharField(widget=forms.HiddenInput, required=False)


def test_a_form_shows_its_label_help_and_error_together():
    drawn = draw("{{ form }}", form=Question({"name": ""}))

    assert drawn.count('class="field"') == 3
    assert 'id="id_name_error"' in drawn
    assert 'id="id_name_helptext"' in drawn
    assert 'aria-invalid="true"' in drawn
    assert drawn.count('name="token"') == 1
