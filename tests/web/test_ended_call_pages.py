"""A call with a token that had ended: its page says why it was refused."""

import uuid
from datetime import timedelta

import pytest

from tests.support.calls import log_call, make_key
from tests.support.site import Visitor
from voucherweb.domain import clock
from voucherweb.models import ApiKey
from voucherweb.transaction import session, unit_of_work

CALLS = "/admin/partners/calls"
REVOKED = "這把金鑰已撤銷"
RENEWED = "權杖已過期，或取得它的密鑰已更換"


@pytest.fixture
def caller(visitor: Visitor) -> str:
    return make_key(visitor.tenant_id)


def revoke(caller: str, ago: timedelta) -> None:
    with unit_of_work():
        key = session.get_one(ApiKey, uuid.UUID(caller.partition(":")[2]))
        key.revoked_at, key.revoked_by = clock.now() - ago, "test"


def reasons(visitor: Visitor, caller: str, **said: object) -> list[str]:
    call = log_call(visitor.tenant_id, caller, **{"status": 401, "code": "UNAUTHORIZED", **said})
    page = visitor.text(f"{CALLS}/{call}")
    return [one for one in (REVOKED, RENEWED) if one in page]


def test_of_a_revoked_key_it_says_so(visitor: Visitor, caller: str) -> None:
    revoke(caller, timedelta(minutes=5))
    assert reasons(visitor, caller) == [REVOKED]


def test_of_a_key_that_was_revoked_later_it_does_not(visitor: Visitor, caller: str) -> None:
    revoke(caller, timedelta(seconds=1))
    assert reasons(visitor, caller) == [RENEWED]


def test_of_a_living_key_it_tells_of_its_token(visitor: Visitor, caller: str) -> None:
    assert reasons(visitor, caller) == [RENEWED]


@pytest.mark.parametrize(
    "said", [{"fault": "unauthorized"}, {"status": 403, "code": "FORBIDDEN"}, {"status": 200}]
)
def test_of_other_calls_it_tells_nothing(
    visitor: Visitor, caller: str, said: dict[str, object]
) -> None:
    revoke(caller, timedelta(minutes=5))
    assert reasons(visitor, caller, **said) == []


def test_a_caller_that_is_gone_breaks_no_page(visitor: Visitor) -> None:
    assert reasons(visitor, f"key:{uuid.uuid4()}") == [RENEWED]
    assert reasons(visitor, "key:x") == [RENEWED]
    assert reasons(visitor, f"addon:{uuid.uuid4()}") == []
