"""Who steers or administers proves at the door twice that it is them; nobody who must reaches anything without."""

from __future__ import annotations

import threading

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.test import Client as Browser
from guardian.shortcuts import assign_perm

from pipeline_crm.access import factors
from pipeline_crm.tiers.models import Pipeline
from pipeline_crm.users.models import User
from tests.users.conftest import code_for, code_of, sign_in, with_password, with_telephone

MUST = ["lena", "olga", "cody", "root"]
NEED_NOT = ["sam", "hal", "fay", "ada", "stan"]
SHUT = ["/", "/leads/", "/find/", "/notices/", "/notices/choice/", "/admin/", "/auth/password/change/", "/auth/sessions/", "/auth/email/"]  # fmt: skip
SET_UP = "/auth/2fa/"


def user_of(who) -> User:
    return getattr(who, "user", who)


@pytest.mark.parametrize("who", MUST)
@pytest.mark.parametrize("address", SHUT)
def test_who_must_have_one_is_led_to_where_it_is_set_up(request, strict, browse, who, address):
    answer = browse(request.getfixturevalue(who)).get(address)

    assert (answer.status_code, answer.headers.get("Location")) == (302, SET_UP)


@pytest.mark.parametrize("who", NEED_NOT)
def test_who_need_not_have_one_works_as_ever(request, strict, browse, who):
    answer = browse(request.getfixturevalue(who)).get("/find/")

    assert answer.status_code == 200


@pytest.mark.parametrize("who", NEED_NOT)
def test_a_pipeline_may_want_it_of_everybody(request, strict, browse, pipeline, who):
    browser = browse(request.getfixturevalue(who))
    Pipeline.objects.filter(pk=pipeline.pk).update(second_factor=True)

    assert browser.get("/find/").status_code == (200 if who == "stan" else 302)


def test_a_configurator_asks_it_of_a_pipeline(strict, cody, sam, browse, pipeline):
    from tests.tiers.sheet import values_on

    desk, scout = proven(cody), browse(sam)
    page = desk.get(f"/admin/tiers/pipeline/{pipeline.pk}/change/")
    before = scout.get("/find/").status_code

    desk.post(page.request["PATH_INFO"], values_on(page) | {"second_factor": "on"})

    assert (before, scout.get("/find/").status_code) == (200, 302)
    assert "Team leads, heads of sales and administrators must do so anyway." in page.text


def test_who_is_made_team_lead_must_have_one_at_the_very_next_click(strict, browse, sam):
    browser = browse(sam)
    before = browser.get("/find/").status_code
    assign_perm("tiers.lead_tier", sam.user, sam.tier)

    assert (before, browser.get("/find/").status_code) == (200, 302)


def test_nothing_is_done_without_it(strict, browse, lena, sam, pipeline):
    from tests.cast import make_lead

    lead = make_lead(sam)
    answer = browse(lena).post(f"/leads/{lead.pk}/note/", {"text": "Seen"})

    assert answer.headers["Location"] == SET_UP
    assert lead.client.name not in browse(lena).get(SET_UP).text


def test_the_alarm_rings_where_the_guard_is_missing(strict, browse, lena, settings):
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if not name.endswith("SecondFactorMiddleware")]

    assert browse(lena).get("/find/").status_code == 200


def test_a_piece_of_a_page_gets_a_sentence_and_the_way(strict, browse, lena):
    answer = browse(lena).get("/notices/bell/", headers={"HX-Request": "true"})

    assert (answer.status_code, answer.text) == (403, "First set up your second factor.")
    assert answer.headers["HX-Redirect"] == SET_UP


def test_the_page_where_it_is_set_up_shows_nothing_of_the_firm(strict, browse, lena, pipeline):
    page = browse(lena).get(SET_UP).text

    assert pipeline.name not in page
    assert "Sign out" in page


def test_language_theme_and_the_way_out_stay_open(strict, browse, lena):
    browser = browse(lena)

    assert browser.post("/language/", {"language": "ru"}).status_code == 303
    assert browser.post("/theme/", {"theme": "dark"}).status_code == 303
    assert browser.post("/auth/logout/").status_code == 302
    assert browser.get("/find/").headers["Location"].startswith("/auth/login/")


@pytest.mark.django_db(transaction=True)
def test_a_telephone_is_set_up_and_everything_opens(strict, lena):
    browser = sign_in(lena.user)
    page = browser.get("/auth/2fa/totp/activate/")
    secret = page.context["form"].secret

    answer = browser.post("/auth/2fa/totp/activate/", {"code": code_for(secret)})

    assert answer.headers["Location"] == "/auth/2fa/recovery-codes/"
    assert len(browser.get("/auth/2fa/recovery-codes/").context["unused_codes"]) == 10
    assert browser.get("/find/").status_code == 200
    assert [letter.to for letter in mail.outbox] == [["lena@firm.example"]]


def test_a_wrong_code_sets_nothing_up(strict, lena):
    browser = sign_in(lena.user)
    browser.get("/auth/2fa/totp/activate/")

    browser.post("/auth/2fa/totp/activate/", {"code": "000000"})

    assert not Authenticator.objects.exists()
    assert browser.get("/find/").status_code == 302


def test_the_next_sign_in_asks_for_a_code_and_a_code_works_once(strict, lena):
    browser, thief = sign_in(with_telephone(lena.user)), sign_in(lena.user)
    code = code_of(lena.user)

    waits = browser.get("/find/").headers["Location"]
    browser.post("/auth/2fa/authenticate/", {"code": code})
    thief.post("/auth/2fa/authenticate/", {"code": code})

    assert waits.startswith("/auth/login/")
    assert browser.get("/find/").status_code == 200
    assert thief.get("/find/").status_code == 302


def test_a_recovery_code_opens_once(strict, lena):
    with_telephone(lena.user)
    code = codes_of(lena.user)[0]
    browser, again = sign_in(lena.user), sign_in(lena.user)

    for one in (browser, again):
        one.post("/auth/2fa/authenticate/", {"code": code})

    assert (browser.get("/find/").status_code, again.get("/find/").status_code) == (200, 302)


def codes_of(user: User) -> list[str]:
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

    return RecoveryCodes.activate(user).generate_codes()


def test_codes_are_not_guessed(strict, lena):
    browser = sign_in(with_telephone(lena.user))
    for number in range(6):
        browser.post("/auth/2fa/authenticate/", {"code": f"00000{number}"})

    browser.post("/auth/2fa/authenticate/", {"code": code_of(lena.user)})

    assert browser.get("/find/").status_code == 302


def test_a_session_from_before_shows_the_factor_first(strict, browse, lena):
    """Signed in by the password alone, on another device, before the telephone was set up."""
    browser = browse(with_password(lena.user))
    with_telephone(lena.user)

    answer = browser.get("/find/?q=a")
    browser.post("/auth/2fa/reauthenticate/", {"code": code_of(lena.user)})

    assert answer.headers["Location"] == "/auth/2fa/reauthenticate/?next=%2Ffind%2F%3Fq%3Da"
    assert browser.get("/find/").status_code == 200


def test_once_shown_it_costs_no_question(strict, lena):
    browser = sign_in(with_telephone(lena.user))
    browser.post("/auth/2fa/authenticate/", {"code": code_of(lena.user)})
    browser.get("/notices/bell/")
    with CaptureQueries() as asked:
        browser.get("/notices/bell/")

    assert [one for one in asked.statements if "mfa_authenticator" in one] == []


def test_who_need_not_have_one_is_asked_no_question(strict, browse, sam):
    browser = browse(sam)
    with CaptureQueries() as asked:
        browser.get("/notices/bell/")

    assert [one for one in asked.statements if "mfa_authenticator" in one] == []


def CaptureQueries():  # noqa: N802
    from django.test.utils import CaptureQueriesContext

    class Captured(CaptureQueriesContext):
        @property
        def statements(self):
            return [query["sql"] for query in self.captured_queries]

    return Captured(connection)


# Taking it away --------------------------------------------------------------------------------------------------


def proven(user: User) -> Browser:
    browser = sign_in(with_telephone(user))
    browser.post("/auth/2fa/authenticate/", {"code": code_of(user)})
    return browser


def test_the_last_factor_of_who_must_have_one_stays(strict, lena):
    browser = proven(lena.user)

    page = browser.post("/auth/2fa/totp/deactivate/")

    assert "Add another one first" in page.text
    assert Authenticator.objects.filter(type="totp").exists()


def test_the_last_key_of_who_must_have_one_stays(strict, lena):
    browser = proven(lena.user)
    Authenticator.objects.all().delete()
    key = Authenticator.objects.create(user=lena.user, type="webauthn", data={"name": "Key"})

    answer = browser.post(f"/auth/2fa/webauthn/keys/{key.pk}/remove/")

    assert answer.status_code == 302
    assert Authenticator.objects.filter(pk=key.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_two_who_take_the_last_two_away_at_once_leave_one(settings):
    """A code on a phone and a key, removed at the same moment on two devices."""
    settings.SECOND_FACTOR_REQUIRED = True
    boss = User.objects.create(username="boss", is_staff=True)
    for _ in range(5):
        Authenticator.objects.all().delete()
        one, other = proven(boss), sign_in(boss)
        other.post("/auth/2fa/authenticate/", {"code": code_of(boss, ahead=1)})
        key = Authenticator.objects.create(user=boss, type="webauthn", data={"name": "Key"})
        barrier = threading.Barrier(2)

        def take(browser, address, barrier=barrier):
            barrier.wait(10)
            browser.post(address)
            connection.close()

        ways = [(one, "/auth/2fa/totp/deactivate/"), (other, f"/auth/2fa/webauthn/keys/{key.pk}/remove/")]
        threads = [threading.Thread(target=take, args=way) for way in ways]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

        assert Authenticator.objects.filter(user=boss).exclude(type="recovery_codes").count() == 1


def test_anothers_key_is_not_removed(strict, lena, olga):
    browser = proven(lena.user)
    key = Authenticator.objects.create(user=olga, type="webauthn", data={"name": "Key"})

    assert browser.post(f"/auth/2fa/webauthn/keys/{key.pk}/remove/").status_code == 404
    assert Authenticator.objects.filter(pk=key.pk).exists()


def test_who_need_not_have_one_may_take_it_away(strict, sam):
    browser = proven(sam.user)

    browser.post("/auth/2fa/totp/deactivate/")

    assert not Authenticator.objects.exists()
    assert browser.get("/find/").status_code == 200


def test_a_superuser_takes_a_lost_one_away_and_the_sessions_with_it(strict, root, lena):
    browser, chief = proven(lena.user), proven(root)
    codes_of(lena.user)
    from tests.tiers.sheet import values_on

    page = chief.get(f"/admin/users/user/{lena.user.pk}/change/")
    chief.post(page.request["PATH_INFO"], values_on(page) | {"users_user_forget_factor": "1"})

    assert not Authenticator.objects.filter(user=lena.user).exists()
    assert browser.get("/find/").headers["Location"].startswith("/auth/login/")


def test_a_configurator_takes_nobodys_away(strict, cody, sam):
    desk = proven(cody)
    with_telephone(sam.user)
    from tests.tiers.sheet import values_on

    page = desk.get(f"/admin/users/user/{sam.user.pk}/change/")
    desk.post(page.request["PATH_INFO"], values_on(page) | {"users_user_forget_factor": "1"})

    assert "Take the second factor away" not in page.text
    assert Authenticator.objects.filter(user=sam.user).exists()


# At rest ---------------------------------------------------------------------------------------------------------


def test_the_secrets_lie_sealed_and_are_sealed_anew(strict, lena, settings):
    from cryptography.fernet import Fernet

    with_telephone(lena.user)
    codes = codes_of(lena.user)
    secret = factors.unseal(Authenticator.objects.get(type="totp").data["secret"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(data::text, ' ') FROM mfa_authenticator")
        at_rest = cursor.fetchone()[0]
    settings.DATA_KEYS = [Fernet.generate_key().decode(), *settings.DATA_KEYS]

    call_command("rotate_keys")

    assert secret not in at_rest
    settings.DATA_KEYS = settings.DATA_KEYS[:1]
    assert factors.unseal(Authenticator.objects.get(type="totp").data["secret"]) == secret
    assert codes_of(lena.user) == codes
