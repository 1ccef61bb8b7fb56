"""Names are one line everywhere; what was kept before that rule stays as it is."""

import uuid
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.support.cast import Caller, issue, voucher_body
from tests.support.errands import as_actor
from tests.support.partners import PartnerCaller
from voucherweb.errors import Refusal
from voucherweb.models import CouponSet, Voucher
from voucherweb.services import coupon_sets
from voucherweb.transaction import session, unit_of_work

ADD = "/voucher-mgmt/voucher/add"
UPDATE = "/voucher-mgmt/voucher/update"
SETS = "/v2/connect/coupon/sets"
BROKEN = ["a\nb", "a\r\nb", "a\tb", "a\x1bb", "a\x85b", "a\u202eb", "\u2066a\u2069", "a\u2028b"]
TERMS = {
    "name": "x",
    "start_date": "2026-01-01T00:00:00Z",
    "end_date": "2030-01-01T00:00:00Z",
}


def fields(answer: TestResponse) -> set[str]:
    assert answer.status_code == 400, answer.get_data(as_text=True)
    told = answer.get_json()
    assert told.get("errorMsg", told.get("code")).endswith("INVALID_PARAMETER")
    return {one["field"] for one in told["details"]}


def kept(table: Any, id_: str, **changes: str) -> None:
    """As an earlier release kept it."""
    with unit_of_work():
        found = session.get_one(table, uuid.UUID(id_))
        for name, value in changes.items():
            setattr(found, name, value)


@pytest.mark.parametrize("text", BROKEN)
def test_a_voucher_is_called_by_one_line(admin: Caller, text: str) -> None:
    body = voucher_body(title=text, productId=text)
    assert fields(admin.post(ADD, body)) == {"title", "productId"}
    with unit_of_work():
        assert session.query(Voucher).count() == 0


def test_descriptions_have_many_lines(admin: Caller, partner: PartnerCaller) -> None:
    many = "一\n二\r\n\t三"
    assert admin.post(ADD, voucher_body(description=many, notice=many)).status_code == 200
    made = partner.post(SETS, {**TERMS, "description": many, "terms": many})
    assert (made.status_code, made.get_json()["description"]) == (201, many)


def test_an_update_takes_no_broken_title(admin: Caller) -> None:
    id_ = issue(admin, on=False)
    assert fields(admin.post(UPDATE, voucher_body(id=id_, title="a\nb"))) == {"title"}
    unknown = voucher_body(id=str(uuid.uuid4()), title="a\nb")
    assert fields(admin.post(UPDATE, unknown)) == {"title"}


@pytest.mark.parametrize("off", [True, False])
def test_a_title_kept_before_stays(admin: Caller, off: bool) -> None:
    """The draft and the voucher that was on the shelf can both be changed in all else."""
    id_ = issue(admin, on=off, productId="p")
    if off:
        admin.data("/voucher-mgmt/voucher/update-status", {"id": id_, "status": "OFF"})
    kept(Voucher, id_, title="舊\n名", product_id="p\t1")
    body = voucher_body(id=id_, title="舊\n名", productId="p\t1", notice="新")
    assert admin.post(UPDATE, body).status_code == 200
    with unit_of_work():
        found = session.get_one(Voucher, uuid.UUID(id_))
        assert (found.title, found.notice) == ("舊\n名", "新")
    assert fields(admin.post(UPDATE, {**body, "title": "舊\n名稱"})) == {"title"}


@pytest.mark.parametrize("text", BROKEN)
def test_a_coupon_set_is_called_by_one_line(partner: PartnerCaller, text: str) -> None:
    body = {**TERMS, "name": text, "static_code": text}
    assert fields(partner.post(SETS, body)) == {"name", "static_code"}
    with unit_of_work():
        assert session.query(CouponSet).count() == 0


@pytest.mark.parametrize("text", BROKEN)
def test_a_use_bears_a_ref_of_one_line(partner: PartnerCaller, text: str) -> None:
    body = {"code": "x", "ref_no": text}
    assert fields(partner.post("/v2/connect/coupon/use", body)) == {"ref_no"}


def test_a_file_is_called_by_one_line(admin: Caller) -> None:
    body = {"fileName": "a\nb.png", "fileType": "png"}
    assert "fileName" in fields(admin.post("/voucher-mgmt/voucher/get-upload-url", body))


URL = "https://x.example"
COMMANDS = [
    ("tenants", "create", "--name", "BAD", "--type", "DEALER"),
    ("campaigns", "create", "--tenant", "TENANT", "--name", "BAD", "--value-per-point", "1"),
    ("apikeys", "create", "--tenant", "TENANT", "--name", "BAD"),
    ("branches", "create", "--tenant", "TENANT", "--code", "X1", "--name", "BAD"),
    ("addons", "create", "--tenant", "TENANT", "--code", "x", "--name", "BAD", "--url", URL),
    ("addons", "create", "--tenant", "TENANT", "--code", "x", "--name", "n", "--url", URL,
     "--plan", "BAD"),
    ("coupons", "generate", "--tenant", "TENANT", "--name", "BAD", "--quantity", "1"),
    ("members", "create", "--name", "BAD", "--phone", "0912345678"),
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=lambda one: " ".join(one[:2]))
@pytest.mark.parametrize("text", ["a\nb", "a\x1b[31mb", "a\u202eb", "a\x9bb"])
def test_a_command_takes_no_broken_name(
    app: Flask, tenant_id: str, command: tuple[str, ...], text: str
) -> None:
    typed = [{"BAD": text, "TENANT": tenant_id}.get(one, one) for one in command]
    result = app.test_cli_runner().invoke(args=[*typed, "--json"])
    assert result.exit_code != 0
    assert "one line" in result.output or "一行" in result.output, result.output
    assert "Traceback" not in result.output


def test_a_set_kept_before_can_be_described_anew(admin: Caller, partner: PartnerCaller) -> None:
    id_ = partner.post(SETS, TERMS).get_json()["uuid"]
    kept(CouponSet, id_, name="舊\n名")
    actor, owner, set_id = as_actor(admin), partner.owner_id, uuid.UUID(id_)
    with unit_of_work():
        coupon_sets.rename(actor, owner, set_id, "舊\n名", "新的\n說明")
    with unit_of_work():
        assert session.get_one(CouponSet, set_id).description == "新的\n說明"
    with pytest.raises(Refusal), unit_of_work():
        coupon_sets.rename(actor, owner, set_id, "新\n名")
