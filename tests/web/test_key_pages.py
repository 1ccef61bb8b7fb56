"""Keys of partners, as a tenant's admin and a platform admin make, rotate and revoke them."""

import re
import uuid

import pytest
from flask import Flask
from sqlalchemy import select

from tests.support.admins import deeds
from tests.support.site import Visitor, make_visitor, tenant_visitor, tokens
from voucherweb.api.partner.faults import FAULTS
from voucherweb.domain.partner import Scope
from voucherweb.models import ApiKey, ApiKeySecret
from voucherweb.services.tokens import digest
from voucherweb.transaction import session, unit_of_work
from voucherweb.web.sandbox_words import FAULT_WORDS

KEYS = "/admin/partners/keys"
TYPED = {"name": "門市 POS", "kind": "LIVE", "scopes": ["points:read", "points:write"]}
SECRET = re.compile(r"vs_(?:live|test)_[\w-]{43}")


def keys() -> list[ApiKey]:
    with unit_of_work():
        found = session.scalars(select(ApiKey).order_by(ApiKey.created_at)).all()
        session.expunge_all()
        return list(found)


def secrets_of(key: ApiKey) -> list[ApiKeySecret]:
    with unit_of_work():
        query = select(ApiKeySecret).where(ApiKeySecret.api_key_id == key.id)
        found = session.scalars(query.order_by(ApiKeySecret.created_at)).all()
        session.expunge_all()
        return list(found)


def make(visitor: Visitor, **changes: object) -> tuple[ApiKey, str]:
    """A key made on the page, and the secret that the page showed."""
    answer = visitor.post(f"{KEYS}/new", {**TYPED, **changes})
    assert answer.status_code == 200, answer.text
    return keys()[-1], SECRET.findall(answer.text)[0]


def place(key: ApiKey, rest: str = "") -> str:
    return f"{KEYS}/{key.id}{rest}"


def test_without_keys_the_page_says_what_to_begin_with(visitor: Visitor) -> None:
    assert "先建立一把沙盒金鑰" in visitor.text(KEYS)


def test_a_new_key_shows_its_secret_once(visitor: Visitor) -> None:
    key, secret = make(visitor)
    assert (key.name, key.kind, key.scopes) == ("門市 POS", "LIVE", ["points:read", "points:write"])
    assert [one.secret_hash for one in secrets_of(key)] == [digest(secret)]
    for page in (visitor.text(KEYS), visitor.text(place(key))):
        assert key.key in page
        assert secret not in page


def test_a_reload_of_the_secrets_page_shows_it_no_more_and_makes_no_second_key(
    visitor: Visitor,
) -> None:
    form = {**tokens(visitor.text(f"{KEYS}/new")), **TYPED}
    first, again = (visitor.send(f"{KEYS}/new", form) for _ in range(2))
    assert SECRET.search(first.text)
    (key,) = keys()
    assert again.location == place(key)
    page = visitor.text(again.location)
    assert "密鑰只顯示一次，已經顯示過了" in page
    assert not SECRET.search(page)


def test_the_secrets_page_is_kept_by_no_cache(visitor: Visitor) -> None:
    answer = visitor.post(f"{KEYS}/new", TYPED)
    assert answer.headers["Cache-Control"] == "no-store, private"


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"name": ""}, "name"), ({"scopes": []}, "scopes"), ({"kind": "OTHER"}, "kind")],
)
def test_a_key_that_cannot_be_is_refused_and_what_was_typed_stays(
    visitor: Visitor, changes: dict[str, object], field: str
) -> None:
    answer = visitor.post(f"{KEYS}/new", {**TYPED, **changes})
    assert answer.status_code == 400
    assert f'href="#{field}"' in answer.text
    assert field == "name" or "門市 POS" in answer.text
    assert keys() == []


def test_every_scope_can_be_ticked_and_says_what_it_opens(visitor: Visitor) -> None:
    page = visitor.text(f"{KEYS}/new")
    for scope in Scope:
        assert f'name="scopes" value="{scope.value}" checked' in page


def test_a_platform_admin_makes_the_platforms_own_live_keys(app: Flask) -> None:
    platform = make_visitor(app)
    assert 'name="kind"' not in platform.text(f"{KEYS}/new")
    key, _ = make(platform, kind="SANDBOX")
    assert (key.tenant_id, key.kind) == (None, "LIVE")


def test_everybody_lists_the_own_keys_only(app: Flask, visitor: Visitor) -> None:
    platform, other = make_visitor(app), tenant_visitor(app)
    for one in (visitor, platform, other):
        make(one)
    for one, key in zip((visitor, platform, other), keys(), strict=True):
        page = one.text(KEYS)
        assert [found.key for found in keys() if found.key in page] == [key.key]


def test_the_list_narrows_by_name_environment_and_state(visitor: Visitor) -> None:
    live, _ = make(visitor, name="甲")
    sandbox, _ = make(visitor, name="乙", kind="SANDBOX")
    visitor.post(place(live, "/revoke"))
    for query, found in (
        ("keyword=乙", sandbox),
        ("kind=LIVE", live),
        ("state=revoked", live),
        ("state=active", sandbox),
    ):
        part = visitor.part(f"{KEYS}?{query}", "list")
        assert found.key in part
        assert part.count("vk_") == 1


def test_the_list_sorts_by_every_head(visitor: Visitor) -> None:
    make(visitor)
    for field in ("name", "createTime", "lastUsed"):
        assert "門市 POS" in visitor.text(f"{KEYS}?sort={field}&order=desc")


def test_a_rotation_shows_the_new_secret_and_until_when_both_hold(visitor: Visitor) -> None:
    key, first = make(visitor)
    answer = visitor.post(place(key, "/rotate"), {"overlap_hours": "48"})
    (second,) = SECRET.findall(answer.text)[:1]
    assert second != first
    assert "新舊密鑰同時有效" in answer.text
    former, present = secrets_of(key)
    assert former.expires_at is not None
    assert (former.expires_at - present.created_at).total_seconds() == pytest.approx(172800, abs=9)
    assert present.expires_at is None
    assert "舊密鑰到" in visitor.text(KEYS)
    assert "到期 " in visitor.text(place(key))


@pytest.mark.parametrize("typed", ["", "-1", "721", "一天", "9" * 5000])
def test_an_overlap_that_cannot_be_is_refused(visitor: Visitor, typed: str) -> None:
    key, _ = make(visitor)
    answer = visitor.post(place(key, "/rotate"), {"overlap_hours": typed})
    assert answer.status_code == 400
    assert "須為 0 到 720" in answer.text
    assert len(secrets_of(key)) == 1


def test_a_rotation_without_overlap_says_that_the_former_secret_has_ended(
    visitor: Visitor,
) -> None:
    key, _ = make(visitor)
    answer = visitor.post(place(key, "/rotate"), {"overlap_hours": "0"})
    assert "舊密鑰已立即失效" in answer.text


def test_a_key_is_revoked_after_a_question_that_names_the_consequence(visitor: Visitor) -> None:
    key, _ = make(visitor)
    assert "立即無法呼叫 Open API" in visitor.text(place(key, "/revoke"))
    assert visitor.post(place(key, "/revoke")).location == place(key)
    (revoked,) = keys()
    assert revoked.revoked_at is not None
    page = visitor.text(place(key))
    assert "已撤銷" in page
    assert place(key, "/rotate") not in page
    assert "api_key.revoke" in deeds()


def test_the_question_puts_the_key_in_the_brackets_of_either_language(visitor: Visitor) -> None:
    key, _ = make(visitor)
    called = keys()[0]
    assert f"{called.name}（{called.key}）" in visitor.text(place(key, "/revoke"))
    visitor.headers = {"Accept-Language": "en"}
    english = visitor.text(place(key, "/revoke"))
    assert f"{called.name} ({called.key})" in english
    assert "（" not in english


def test_a_revoked_key_is_not_rotated(visitor: Visitor) -> None:
    key, _ = make(visitor)
    visitor.post(place(key, "/revoke"))
    answer = visitor.post(place(key, "/rotate"), {"overlap_hours": "24"})
    assert answer.status_code == 400
    assert "金鑰已撤銷" in answer.text


def test_a_keys_page_leads_to_its_calls(visitor: Visitor) -> None:
    key, _ = make(visitor)
    assert f"/admin/partners/calls?caller=key:{key.id}" in visitor.text(place(key))


def test_a_sandbox_key_lists_its_faults_and_its_certification(visitor: Visitor) -> None:
    key, _ = make(visitor, kind="SANDBOX")
    page = visitor.text(place(key))
    assert list(FAULT_WORDS) == [fault.name for fault in FAULTS]
    for fault in FAULTS:
        assert f"<code>{fault.name}</code>" in page
    certification = visitor.text(place(key, "/certification"))
    assert "每個寫入都帶 Idempotency-Key" in certification
    assert "尚未出現" in certification


def test_a_live_key_has_no_certification(visitor: Visitor) -> None:
    key, _ = make(visitor)
    assert "X-Sandbox-Fault" not in visitor.text(place(key))
    assert visitor.get(place(key, "/certification")).status_code == 400


@pytest.mark.parametrize("rest", ["", "/rotate", "/revoke", "/certification"])
def test_a_foreign_key_is_as_unknown_as_none(app: Flask, visitor: Visitor, rest: str) -> None:
    key, _ = make(visitor, kind="SANDBOX")
    for stranger in (tenant_visitor(app), make_visitor(app)):
        for address in (place(key, rest), f"{KEYS}/{uuid.UUID(int=7)}{rest}"):
            assert stranger.get(address).status_code == 400
        assert stranger.post(place(key, rest), at="/admin/help").status_code in {400, 405}
    assert keys()[0].revoked_at is None


def test_the_pages_speak_english(app: Flask) -> None:
    english = make_visitor(app, language="en")
    key, _ = make(english)
    assert "shown only now" not in english.text(place(key))
    assert "What it may do" in english.text(place(key))
