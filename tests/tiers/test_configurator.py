"""A configurator administers structure and people, and can neither open clients nor raise themselves."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.urls import reverse

from pipeline_crm.tiers.models import Pipeline
from pipeline_crm.users.models import User
from tests.cast import make_person
from tests.tiers.sheet import said, values_on

PEOPLE = "/admin/users/user/"
RULES = "/admin/tiers/rule/"


def test_only_structure_and_people_are_administered():
    assert {model.__name__ for model in admin.site._registry} == {"Pipeline", "Rule", "User"}


def test_no_page_of_the_admin_shows_rights_on_single_objects(desk, pipeline):
    assert desk.get(f"/admin/tiers/pipeline/{pipeline.pk}/permissions/").status_code in (302, 404)


@pytest.mark.parametrize(
    "address",
    ["/admin/", "/admin/tiers/pipeline/", "/admin/tiers/pipeline/add/", RULES, RULES + "add/", PEOPLE, PEOPLE + "add/"],
)
def test_pages_of_the_configurator_open(desk, address):
    assert desk.get(address).status_code == 200


@pytest.mark.parametrize("address", ["/admin/", "/admin/tiers/pipeline/", "/admin/tiers/pipeline/add/", RULES, PEOPLE])
def test_a_stranger_is_sent_to_the_sites_own_sign_in(client, db, address):
    answer = client.get(address, follow=True)

    assert answer.redirect_chain[-1][0].startswith(reverse("account_login"))


@pytest.mark.parametrize("address", ["/admin/", "/admin/tiers/pipeline/", RULES, PEOPLE])
def test_a_scout_does_not_enter_the_admin(browse, sam, address):
    assert browse(sam).get(address, follow=True).status_code in (403, 404)


def test_a_configurator_sees_no_records(desk, cody, pipeline, sam):
    from leads.models import Lead
    from pipeline_crm.access.gate import visible
    from tests.cast import make_lead

    make_lead(sam)

    assert not visible(cody, Lead.objects.all()).exists()


def test_nobody_sets_or_reads_anothers_password(desk):
    nina = make_person("nina")

    answer = desk.post(f"{PEOPLE}{nina.pk}/password/", {"password1": "Kettle-42-lamp", "password2": "Kettle-42-lamp"})

    assert answer.status_code == 403
    assert not User.objects.get(pk=nina.pk).has_usable_password()
    for page in (f"{nina.pk}/change/", "add/"):
        assert "password" not in said(desk.get(PEOPLE + page)).lower().replace("chooses their own password", "")


def test_a_person_is_deactivated_and_never_deleted(desk, root, browse):
    nina = make_person("nina", "Nina New")
    values = values_on(desk.get(f"{PEOPLE}{nina.pk}/change/"))
    del values["is_active"]

    desk.post(f"{PEOPLE}{nina.pk}/change/", values)

    assert User.objects.get(pk=nina.pk).is_active is False
    for browser in (desk, browse(root)):
        assert browser.post(f"{PEOPLE}{nina.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_superuser_is_neither_listed_nor_reached(desk, root):
    assert "Root Admin" not in said(desk.get(PEOPLE))
    for page in ("change/", "password/", "history/", "delete/"):
        assert desk.get(f"{PEOPLE}{root.pk}/{page}", follow=True).redirect_chain or desk.get(
            f"{PEOPLE}{root.pk}/{page}"
        ).status_code in (403, 404)


def test_a_superusers_password_is_not_changed(desk, root):
    before = User.objects.get(pk=root.pk).password

    answer = desk.post(f"{PEOPLE}{root.pk}/password/", {"password1": "Kettle-42-lamp", "password2": "Kettle-42-lamp"})

    assert answer.status_code in (302, 403, 404)
    assert User.objects.get(pk=root.pk).password == before


@pytest.mark.parametrize("right", ["is_superuser", "is_staff", "groups", "user_permissions"])
def test_a_configurator_gives_no_rights_to_anybody(desk, cody, right):
    for person in (cody, make_person("nina")):
        page = desk.get(f"{PEOPLE}{person.pk}/change/")
        assert right not in page.context["adminform"].form.fields
        desk.post(f"{PEOPLE}{person.pk}/change/", values_on(page) | {right: "on"})

    assert not User.objects.filter(is_superuser=True).exists()
    assert set(User.objects.filter(is_staff=True)) == {cody}


def test_another_configurator_is_not_changed(desk, cody):
    from pipeline_crm.tiers.configurators import make_configurator

    other = make_person("other")
    make_configurator(other)

    desk.post(f"{PEOPLE}{other.pk}/change/", {"username": "mine", "language": "en"})
    desk.post(f"{PEOPLE}{other.pk}/password/", {"password1": "Kettle-42-lamp", "password2": "Kettle-42-lamp"})

    fresh = User.objects.get(pk=other.pk)
    assert (fresh.username, fresh.has_usable_password()) == ("other", False)


@pytest.mark.parametrize(
    "told",
    [
        {"username": "sam@firm.example", "email": "nina@firm.example"},
        {"username": "SAM@Firm.example", "email": "nina@firm.example"},
        {"username": "nina", "email": "Sam@firm.example"},
        {"username": "nina", "email": "office@firm.example"},
    ],
)
def test_nobody_is_called_by_what_another_signs_in_by(desk, sam, told):
    make_person("office@firm.example")

    answer = desk.post(f"{PEOPLE}add/", told | {"language": "en"})

    assert (answer.status_code, User.objects.filter(username__in=["nina", told["username"]]).count()) == (200, 0)
    assert "Somebody else has this e-mail address." in answer.content.decode()


def test_a_superuser_gives_rights(browse, root):
    nina = make_person("nina")
    page = browse(root).get(f"{PEOPLE}{nina.pk}/change/")

    browse(root).post(f"{PEOPLE}{nina.pk}/change/", values_on(page) | {"is_staff": "on"})

    assert User.objects.get(pk=nina.pk).is_staff


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_admin_speaks_the_language_of_the_person(desk, cody, pipeline, language):
    User.objects.filter(pk=cody.pk).update(language=language)

    assert f'lang="{language}"' in said(desk.get(f"/admin/tiers/pipeline/{pipeline.pk}/change/"))
    assert Pipeline.objects.exists()
