"""ZoomInfo's older Enterprise API, by password and by key."""

import pytest

from domain.rules.waterfall import Outcome
from integrations import registry
from integrations.ports import Person
from integrations.terms import PERSON_AND_COMPANY
from integrations.zoominfo import Settings, ZoomInfo
from integrations.zoominfo_token import password
from kit.http import client
from kit.outside import Refused, TryLater
from kit.quota import Account, Open
from sandbox.zoominfo import ZoomInfoTwin
from tests.integrations.conftest import Sandbox

ADA = Person("ada.lovelace@acme-pumps.example.com", first_name="Ada", company="Acme Pumps")
OF_THE_OTHER_API = ("ZOOMINFO_CLIENT_ID", "ZOOMINFO_CLIENT_SECRET")


@pytest.fixture
def twin(configured: Sandbox, monkeypatch: pytest.MonkeyPatch) -> ZoomInfoTwin:
    for name in OF_THE_OTHER_API:
        monkeypatch.delenv(name)
    twin = configured.twins["zoominfo"]
    assert isinstance(twin, ZoomInfoTwin)
    return twin


@pytest.fixture(params=["password", "key"])
def zoominfo(
    twin: ZoomInfoTwin, configured: Sandbox, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> ZoomInfo:
    given = twin.legacy.by_key if request.param == "key" else twin.legacy.by_password
    for name, value in given(configured.url).items():
        monkeypatch.setenv(name, value)
    (made,) = [one for one in registry.enrichers() if isinstance(one, ZoomInfo)]
    return made


def test_it_knows_the_same_of_a_person(zoominfo: ZoomInfo, configured: Sandbox) -> None:
    profile = zoominfo.look_up(ADA)
    assert profile.outcome is Outcome.MATCHED
    assert set(profile.fields) == PERSON_AND_COMPANY
    assert (profile.fields["first_name"], profile.fields["domain"]) == ("Ada", "acme-pumps.example.com")
    assert [call["path"].rpartition("/")[2] for call in configured.calls("zoominfo")] == ["authenticate", "contact"]


def test_several_are_looked_up_by_one_call(zoominfo: ZoomInfo, configured: Sandbox) -> None:
    answers = zoominfo.look_up_many([Person(f"{local}@acme.example.com") for local in ("ada", "nomatch", "broken")])
    assert [type(one).__name__ for one in answers] == ["Profile", "Profile", "TryLater"]
    assert len(configured.calls("zoominfo", "enrich")) == 1


def test_a_token_that_ended_early_is_renewed_once(zoominfo: ZoomInfo, twin: ZoomInfoTwin, configured: Sandbox) -> None:
    zoominfo.look_up(ADA)
    twin.legacy.sign_ins.on = False  # the second comes within the second that must lie between them
    configured.fault("zoominfo", "expired_token", path="enrich")
    assert zoominfo.look_up(ADA).outcome is Outcome.MATCHED
    assert len(configured.calls("zoominfo", "authenticate")) == 2


def test_used_up_credits_are_known_by_their_words(zoominfo: ZoomInfo, configured: Sandbox) -> None:
    configured.fault("zoominfo", "credits")
    with pytest.raises(TryLater, match="credits") as raised:
        zoominfo.look_up(ADA)
    assert raised.value.after == 3600


def test_what_the_account_may_not_ask_is_refused(zoominfo: ZoomInfo, configured: Sandbox) -> None:
    configured.fault("zoominfo", "forbidden")
    with pytest.raises(Refused, match="scope or its package"):
        zoominfo.look_up(ADA)


def test_a_limit_is_waited_for_until_the_moment_that_zoominfo_names(zoominfo: ZoomInfo, configured: Sandbox) -> None:
    zoominfo.look_up(ADA)
    configured.fault("zoominfo", "429")
    with pytest.raises(TryLater) as raised:
        zoominfo.look_up(ADA)
    assert raised.value.after == pytest.approx(3, abs=1.5)


def test_broken_and_torn_answers_are_tried_later(zoominfo: ZoomInfo, configured: Sandbox) -> None:
    zoominfo.look_up(ADA)
    for kind in ("500", "torn"):
        configured.fault("zoominfo", kind)
        with pytest.raises(TryLater) as raised:
            zoominfo.look_up(ADA)
        assert raised.value.after is None
        assert "lovelace" not in raised.value.why


def test_bought_records_are_noted_as_the_quota(
    twin: ZoomInfoTwin, configured: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[tuple[int, int]] = []

    class Noting(Open):
        def note(self, account: Account, used: int, of: int) -> None:
            noted.append((used, of))

    for name, value in twin.legacy.by_password(configured.url).items():
        monkeypatch.setenv(name, value)
    made = ZoomInfo(Settings(), Noting())
    made.look_up(ADA)
    made.close()
    assert noted == [(1, 10_000)]


def test_a_wrong_password_is_refused_and_not_repeated(
    twin: ZoomInfoTwin, configured: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in twin.legacy.by_password(configured.url).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ZOOMINFO_PASSWORD", "wrong-secret-value")
    made = ZoomInfo(Settings())
    with pytest.raises(Refused, match="user name") as raised:
        made.look_up(ADA)
    made.close()
    assert "wrong-secret-value" not in f"{raised.value!r} {made!r}"


@pytest.mark.parametrize("key", ["no key at all", "-----BEGIN PRIVATE KEY-----\\nAAAA\\n-----END PRIVATE KEY-----"])
def test_what_is_no_key_is_refused_and_not_repeated(
    twin: ZoomInfoTwin, configured: Sandbox, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    for name, value in (twin.legacy.by_key(configured.url) | {"ZOOMINFO_PRIVATE_KEY": key}).items():
        monkeypatch.setenv(name, value)
    made = ZoomInfo(Settings())
    with pytest.raises(Refused, match="ZOOMINFO_PRIVATE_KEY is no RSA key") as raised:
        made.look_up(ADA)
    made.close()
    assert raised.value.__cause__ is None
    assert configured.calls("zoominfo") == []


def test_signing_in_too_often_is_tried_later(twin: ZoomInfoTwin, configured: Sandbox) -> None:
    given = twin.legacy.by_password(configured.url)
    issue = password(f"{configured.url}/zoominfo/authenticate", twin.legacy.username, given["ZOOMINFO_PASSWORD"])
    with client("") as http:
        issue(http)
        with pytest.raises(TryLater):
            issue(http)


def test_both_apis_configured_the_newer_one_is_asked(configured: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    twin = configured.twins["zoominfo"]
    assert isinstance(twin, ZoomInfoTwin)
    for name, value in twin.legacy.by_password(configured.url).items():
        monkeypatch.setenv(name, value)
    made = ZoomInfo(Settings())
    made.look_up(ADA)
    made.close()
    assert configured.calls("zoominfo", "/gtm/")
    assert not configured.calls("zoominfo", "authenticate")
