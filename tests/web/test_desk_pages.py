"""The write-off desk in the browser: what a scan is told, one write-off, receipt, undo, the day."""

import re
import uuid
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from tests.support import books
from tests.support.cast import Caller, issue, make_member, make_tenant
from tests.support.desks import actor_of, take_piece
from tests.support.site import Visitor, make_visitor, tokens
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.models import Job, Redemption, WriteOff
from voucherweb.services import desk
from voucherweb.transaction import session, unit_of_work

DESK, LOOK_UP, WRITE_OFF = "/admin/desk", "/admin/desk/look-up", "/admin/desk/write-off"
BESIDE = {"HX_Request": "true", "HX_Request_Type": "partial", "HX_Target": "div#result"}


@pytest.fixture
def clerk(app: Flask, admin: Caller) -> Visitor:
    return make_visitor(app, "CLERK", admin.tenant_id)


@pytest.fixture
def manager(app: Flask, admin: Caller) -> Visitor:
    return make_visitor(app, "TENANT_ADMIN", admin.tenant_id)


@pytest.fixture
def voucher(admin: Caller) -> str:
    return issue(admin)


@pytest.fixture
def number(member: Caller, voucher: str) -> str:
    return take_piece(member, voucher)[1]


def ask(who: Visitor, number: str, **more: str) -> str:
    """The page that a look-up answers, without scripts."""
    answer = who.post(LOOK_UP, {"number": number, **more}, at=DESK)
    assert answer.status_code == 200, answer.text[:2000]
    return answer.text


def verdict(page: str) -> str:
    found = re.findall(r'data-verdict="(\w+)"', page)
    assert len(found) == 1, page
    return str(found[0])


def button(page: str) -> dict[str, str]:
    """What the button on a good piece's panel sends."""
    form = page[page.index(f'action="{WRITE_OFF}"') :]
    found = re.search(r'name="number" value="(\w+)"', form)
    assert found
    return {**tokens(page), "number": found[1]}


def press(who: Visitor, number: str) -> TestResponse:
    """Look a piece up and write it off."""
    return who.send(WRITE_OFF, button(ask(who, number)))


def written_off(who: Visitor, number: str) -> str:
    """The address of the receipt."""
    answer = press(who, number)
    assert answer.status_code == 303, answer.text[:2000]
    return str(answer.location)


def missing(answer: TestResponse) -> bool:
    """Whether the answer is that there is no such thing."""
    return answer.status_code >= 400 and "NOT_EXIST" in answer.text


def used() -> tuple[int, int]:
    """Pieces that are used, and write-offs that stand."""
    with unit_of_work():
        pieces = session.scalar(select(func.count(Redemption.used_at)))
        rows = select(func.count()).where(WriteOff.undone_at.is_(None))
        return pieces or 0, session.scalar(rows) or 0


def test_the_desk_waits_with_the_cursor_in_the_field(clerk: Visitor) -> None:
    page = clerk.text(DESK)
    assert verdict(page) == "IDLE"
    assert "autofocus" in page
    assert "掃到就直接核銷" in page
    assert "data-direct" in page
    assert "checked" not in page


def test_a_good_piece_is_told_with_the_member_masked(clerk: Visitor, number: str) -> None:
    page = ask(clerk, f" {number[:10].lower()}-{number[10:]} ")
    assert verdict(page) == "GOOD"
    assert {"可核銷", "CITY CAFE 中杯拿鐵", "王○明", "第 1 張"} <= set(re.findall(r"[^<>]+", page))
    assert "王小明" not in page
    assert used() == (0, 0)


def test_a_desk_speaks_english_too(app: Flask, admin: Caller, number: str) -> None:
    page = ask(make_visitor(app, "CLERK", admin.tenant_id, "en"), number)
    assert verdict(page) == "GOOD"
    assert "Write this voucher off" in page
    assert "核銷" not in page


def test_the_answer_beside_the_camera_is_the_panel_alone(clerk: Visitor, number: str) -> None:
    answer = clerk.post(LOOK_UP, {"number": number}, at=DESK, **BESIDE)
    assert answer.status_code == 200
    assert verdict(answer.text) == "GOOD"
    assert "<html" not in answer.text
    assert 'id="number"' not in answer.text


def test_a_piece_is_written_off_and_leads_to_its_receipt(clerk: Visitor, number: str) -> None:
    page = clerk.text(written_off(clerk, number))
    assert used() == (1, 1)
    assert number in page
    assert "王○明" in page
    assert clerk.account in page
    assert "小港醫院" in page


def test_a_button_that_is_pressed_twice_acts_once(clerk: Visitor, number: str) -> None:
    sent = button(ask(clerk, number))
    first, second = clerk.send(WRITE_OFF, sent), clerk.send(WRITE_OFF, sent)
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == second.location
    assert used() == (1, 1)


def test_with_scripts_the_receipt_comes_beside_the_camera(clerk: Visitor, number: str) -> None:
    sent = button(ask(clerk, number))
    led = clerk.send(WRITE_OFF, sent, **BESIDE)
    assert led.status_code == 303
    panel = clerk.text(led.location or "", **BESIDE)
    assert verdict(panel) == "WRITTEN_OFF"
    assert "下一張" in panel
    assert "data-message" not in panel + clerk.text(DESK)


def test_a_second_scan_tells_when_where_and_by_whom(
    clerk: Visitor, manager: Visitor, number: str
) -> None:
    receipt = written_off(clerk, number)
    page = ask(clerk, number)
    assert verdict(page) == "USED"
    assert clerk.account in page
    assert "（您）" in page
    assert receipt in page
    assert receipt in ask(manager, number)


def test_another_clerk_is_not_led_to_a_receipt_that_is_not_his(
    app: Flask, admin: Caller, clerk: Visitor, number: str
) -> None:
    receipt = written_off(clerk, number)
    other = make_visitor(app, "CLERK", admin.tenant_id)
    assert receipt not in ask(other, number)
    assert missing(other.get(receipt))


def test_who_comes_second_is_told_that_it_was_used(
    app: Flask, admin: Caller, clerk: Visitor, number: str
) -> None:
    other = make_visitor(app, "CLERK", admin.tenant_id)
    sent = button(ask(other, number))
    written_off(clerk, number)
    answer = other.send(WRITE_OFF, sent)
    assert answer.status_code >= 400
    assert verdict(answer.text) == "USED"
    assert clerk.account in answer.text
    assert used() == (1, 1)


def test_a_piece_that_the_member_used_tells_so(
    clerk: Visitor, member: Caller, voucher: str
) -> None:
    piece, number = take_piece(member, voucher)
    member.data("/voucher/use", {"id": str(piece)})
    page = ask(clerk, number)
    assert verdict(page) == "USED"
    assert "由會員自己使用" in page


@pytest.mark.parametrize(
    ("shift", "told", "word"),
    [
        (-timedelta(days=9), "EXPIRED", "已過期"),
        (timedelta(hours=9), "NOT_YET", "尚未開始"),
    ],
    ids=["over", "early"],
)
def test_outside_its_window_a_piece_has_no_button(
    clerk: Visitor, voucher: str, number: str, shift: timedelta, told: str, word: str
) -> None:
    sent = button(ask(clerk, number))
    starts, ends = clock.now() + shift, clock.now() + shift + timedelta(hours=1)
    windows = {f"{name}_start": starts for name in ("redeem", "use", "on")}
    windows |= {f"{name}_end": ends for name in ("redeem", "use", "on")}
    books.change_voucher(voucher, **windows)
    page = ask(clerk, number)
    assert verdict(page) == told
    assert word in page
    assert f'action="{WRITE_OFF}"' not in page
    assert clerk.send(WRITE_OFF, sent).status_code >= 400
    assert used() == (0, 0)


def test_another_tenants_desk_learns_nothing(app: Flask, clerk: Visitor, number: str) -> None:
    other = make_visitor(app, "CLERK", make_tenant("緯緯醫學", "DEALER"))
    strange, unknown = ask(other, number), ask(other, number[:-1] + "9")
    assert verdict(strange) == verdict(unknown) == "NOT_OURS"
    assert strip(strange) == strip(unknown)
    sent = button(ask(clerk, number))
    answer = other.send(WRITE_OFF, {**tokens(strange), "number": sent["number"]})
    assert missing(answer)
    assert verdict(answer.text) == "NOT_OURS"
    assert used() == (0, 0)


def strip(page: str) -> str:
    """The page without what differs from visit to visit."""
    return re.sub(r'value="[^"]*"|CSRFToken":"[^"]*"', "", page)


def test_nothing_typed_is_asked_for_again(clerk: Visitor) -> None:
    answer = clerk.post(LOOK_UP, {"number": "  "}, at=DESK)
    assert answer.status_code == 400
    assert verdict(answer.text) == "IDLE"
    assert "必填" in answer.text


def test_what_is_no_number_is_not_ours(clerk: Visitor) -> None:
    assert verdict(ask(clerk, "<script>" * 60)) == "NOT_OURS"


def test_who_wants_it_writes_off_what_is_scanned_and_is_remembered(
    clerk: Visitor, member: Caller, voucher: str, number: str
) -> None:
    led = clerk.post(LOOK_UP, {"number": number, "direct": "1"}, at=DESK)
    assert led.status_code == 303
    assert "/admin/desk/receipts/" in (led.location or "")
    assert used() == (1, 1)
    assert "checked" in clerk.text(DESK)
    assert verdict(ask(clerk, number, direct="1")) == "USED"
    assert verdict(ask(clerk, take_piece(member, voucher)[1])) == "GOOD"
    assert "checked" not in clerk.text(DESK)
    assert used() == (1, 1)


def test_an_old_address_leads_to_the_desk(clerk: Visitor) -> None:
    assert [clerk.get(one).location for one in (LOOK_UP, WRITE_OFF)] == [DESK, DESK]


def test_an_undo_asks_for_a_reason_and_keeps_it(
    clerk: Visitor, manager: Visitor, number: str
) -> None:
    receipt = written_off(clerk, number)
    for reason in ("", "長" * 201):
        refused = manager.post(f"{receipt}/undo", {"reason": reason})
        assert refused.status_code == 400
        assert used() == (1, 1)
    assert "長" * 201 in refused.text
    done = manager.post(f"{receipt}/undo", {"reason": "掃錯人"})
    assert (done.status_code, done.location) == (303, receipt)
    assert used() == (0, 0)
    assert "掃錯人" in manager.text(receipt)
    assert f"{receipt}/undo" not in manager.text(receipt)
    assert verdict(ask(clerk, number)) == "GOOD"


def test_an_undo_is_for_the_tenants_admins_and_once(
    app: Flask, clerk: Visitor, manager: Visitor, number: str
) -> None:
    undo = f"{written_off(clerk, number)}/undo"
    stranger = make_visitor(app, "TENANT_ADMIN", make_tenant("緯緯醫學", "DEALER"))
    sent = {**tokens(manager.text(undo)), "reason": "掃錯人"}
    assert clerk.get(undo).status_code == 403
    assert clerk.post(undo, {"reason": "掃錯人"}, at=DESK).status_code == 403
    assert missing(stranger.get(undo))
    assert missing(stranger.post(undo, {"reason": "掃錯人"}, at=DESK))
    assert used() == (1, 1)
    assert [manager.send(undo, sent).status_code for _ in range(2)] == [303, 303]
    again = manager.post(undo, {"reason": "再一次"})
    assert again.status_code == 400
    assert "已取消過核銷" in again.text


def test_platform_admins_have_no_desk(app: Flask, clerk: Visitor, number: str) -> None:
    platform = make_visitor(app)
    receipt = written_off(clerk, number)
    for path in (DESK, "/admin/desk/day", receipt, f"{receipt}/undo"):
        assert platform.get(path).status_code == 403
    for path in (LOOK_UP, WRITE_OFF):
        answer = platform.post(path, {"number": number}, at="/admin/vendors/new")
        assert answer.status_code == 403


@pytest.mark.parametrize("id_", ["0", "999999", str(2**80)], ids=["nought", "free", "huge"])
def test_an_unknown_receipt_is_not_there(manager: Visitor, id_: str) -> None:
    assert missing(manager.get(f"/admin/desk/receipts/{id_}"))


def test_the_day_shows_clerks_their_own_and_the_admin_everybodys(
    app: Flask,
    client: FlaskClient,
    settings: Settings,
    admin: Caller,
    clerk: Visitor,
    manager: Visitor,
    voucher: str,
) -> None:
    colleague = make_visitor(app, "CLERK", admin.tenant_id)
    member = make_member(client, settings)
    mine, his = (take_piece(member, voucher)[1] for _ in range(2))
    written_off(clerk, mine), written_off(colleague, his)
    own, every = clerk.text("/admin/desk/day"), manager.text("/admin/desk/day")
    assert (mine in own, his in own) == (True, False)
    assert (mine in every, his in every) == (True, True)
    assert {clerk.account, colleague.account} <= set(re.findall(r"[^<>]+", every))
    narrow = manager.part(f"/admin/desk/day?admin={colleague.admin_id}", "list")
    assert (mine in narrow, his in narrow, "<html" in narrow) == (False, True, False)
    assert mine in clerk.text(f"/admin/desk/day?admin={colleague.admin_id}")
    assert mine not in manager.text(f"/admin/desk/day?admin={uuid.UUID(int=1)}")
    assert mine not in manager.text("/admin/desk/day?admin=nobody")


def test_another_day_and_another_tenant_are_empty(
    app: Flask, clerk: Visitor, manager: Visitor, number: str
) -> None:
    written_off(clerk, number)
    yesterday = clock.now() - timedelta(days=1)
    assert number not in manager.text(f"/admin/desk/day?day={yesterday:%Y-%m-%d}")
    stranger = make_visitor(app, "TENANT_ADMIN", make_tenant("緯緯醫學", "DEALER"))
    assert number not in stranger.text("/admin/desk/day")
    assert manager.get("/admin/desk/day?day=soon").status_code == 400
    assert manager.get("/admin/desk/day?day=0001-01-01").status_code == 200
    assert manager.get("/admin/desk/day?day=9999-12-31").status_code == 200


def test_a_long_day_has_pages(
    client: FlaskClient, settings: Settings, admin: Caller, manager: Visitor
) -> None:
    assert "這一天還沒有核銷" in manager.text("/admin/desk/day")
    member, voucher = make_member(client, settings), issue(admin, volume=21)
    pieces = [take_piece(member, voucher) for _ in range(21)]
    actor = actor_of(admin)
    for at, (piece, _) in enumerate(pieces):
        with clock.frozen(clock.now() + timedelta(milliseconds=at)), unit_of_work():
            desk.write_off(actor, piece, settings.timezone)
    first, second = (manager.text(f"/admin/desk/day?page={n}") for n in (1, 2))
    assert [number in first for _, number in pieces] == [False, *[True] * 20]
    assert pieces[0][1] in second
    assert "21" in re.findall(r"<dd>(\d+)", first)


def jobs() -> int:
    with unit_of_work():
        return session.scalar(select(func.count()).select_from(Job)) or 0


def test_a_day_is_exported_by_the_tenants_admins_only(
    clerk: Visitor, manager: Visitor, number: str
) -> None:
    written_off(clerk, number)
    day = f"{clock.now() + timedelta(hours=8):%Y-%m-%d}"
    export = f"/admin/desk/day/export/csv?day={day}"
    assert clerk.post(export, at=DESK).status_code == 403
    assert manager.post("/admin/desk/day/export/csv", at="/admin/desk/day").status_code == 400
    pdf = export.replace("csv", "pdf")
    assert manager.post(pdf, at="/admin/desk/day").status_code == 400
    assert jobs() == 0
    led = manager.post(export, at="/admin/desk/day")
    assert led.status_code == 303
    assert jobs() == 1
