"""Translations are compiled without gettext, and only when they have changed."""

import gettext

from pipeline_crm.launch import messages

SOURCE = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);\\n"

msgid "%d lead"
msgid_plural "%d leads"
msgstr[0] "%d лид"
msgstr[1] "%d лида"
msgstr[2] "%d лидов"
"""


def test_a_catalogue_is_compiled_once_and_its_plurals_are_right(tmp_path):
    source = tmp_path / "locale" / "ru" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    source.write_text(SOURCE)

    first, second = messages.compile_all(tmp_path), messages.compile_all(tmp_path)

    with source.with_suffix(".mo").open("rb") as file:
        catalogue = gettext.GNUTranslations(file)
    assert (first, second) == ([source], [])
    assert [catalogue.ngettext("%d lead", "%d leads", n) % n for n in (1, 2, 5, 21)] == [
        "1 лид",
        "2 лида",
        "5 лидов",
        "21 лид",
    ]
