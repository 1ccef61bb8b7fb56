"""What admins do on the pages, as a browser sends it: the form is fetched, filled in and posted.

Measured is the POST alone: what the side panel says while somebody types, and the deeds that are
done most often.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import brotli
import psycopg
from lxml import html

from bench.askers import Asker, Measured, timed
from bench.pace import Pace
from voucherweb.domain import clock
from voucherweb.domain.enums import Role

_PIECES: Final = """
SELECT v.voucher_no || lpad(r.seq::text, 5, '0') FROM redemptions r
JOIN vouchers v ON v.id = r.voucher_id WHERE v.tenant_id = %s AND v.deleted_at IS NULL
AND r.used_at IS NULL AND now() BETWEEN v.use_start AND v.use_end - interval '1 day' LIMIT %s
"""
"""Numbers of pieces that can be written off."""
_EVERYWHERE: Final = {"/admin/language", "/admin/sign-out"}
"""The forms that stand on every page."""
_HTMX: Final = {"HX_Request": "true", "Accept_Encoding": "br"}

Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Deed:
    """A form that is filled in with `values` and sent to `action`. It stands on `page`, or in the
    answer of the deed before; `target` is the part of a page that htmx wants."""

    action: str
    page: str | None
    values: Values | Callable[[], Values]
    target: str | None = None


def deeds(role: Role, ids: Mapping[str, Any], pieces: Iterator[str]) -> list[Deed]:
    """What a role does, in an order in which all of it can be done again and again."""
    if role is Role.PLATFORM_ADMIN:
        return _of_the_platform(ids)
    return [*(_of_a_tenant(ids) if role is Role.TENANT_ADMIN else ()), *_at_the_desk(pieces)]


def _of_the_platform(ids: Mapping[str, Any]) -> list[Deed]:
    vendor = f"/admin/vendors/{ids['vendor_id']}"
    grant, sale = f"/admin/members/{ids['member_id']}/grant", f"{vendor}/purchases/new"
    return [
        Deed(grant, grant, {"points": "5", "reason": "補償", "step": "ask"}),
        Deed(grant, None, {"step": "do"}),
        Deed(sale, sale, {"points": "1000", "amount": "30"}),
        Deed(f"{vendor}/proof", sale, {}),
    ]


def _of_a_tenant(ids: Mapping[str, Any]) -> list[Deed]:
    shelf = f"/admin/vouchers/{ids['off_id']}"
    edit = f"/admin/vouchers/{ids['draft_id']}/edit"
    points = f"/admin/partners/cards/{ids['card_id']}/add"
    return [
        Deed("/admin/vouchers/check", "/admin/vouchers/new", _typed(), "aside#side"),
        *(Deed(f"{shelf}/{one}", f"{shelf}/{one}", {}) for one in ("on", "off")),
        Deed(edit, edit, {}),
        Deed(points, points, {"points": "10", "reason": "補償"}),
    ]


def _typed() -> Values:
    """A voucher as somebody types it, with its three windows."""
    today = clock.now().date()
    ends = {"Start": today, "End": today + timedelta(days=60)}
    windows = ("on", "redeem", "use")
    days = {f"{one}{edge}Date": f"{day}" for one in windows for edge, day in ends.items()}
    return {"title": "草莓霜淇淋", "voucherType": "01", "price": "45", "volume": "1000", **days}


def _at_the_desk(pieces: Iterator[str]) -> list[Deed]:
    desk, shown = "/admin/desk", "div#result"
    return [
        Deed(f"{desk}/look-up", desk, lambda: {"number": next(pieces)}, shown),
        Deed(f"{desk}/write-off", None, {}, shown),
    ]


def act(
    who: Asker, ids: Mapping[str, Any], database_url: str, rounds: int, pace: Pace
) -> list[Measured]:
    """Every deed of somebody, as often as there are rounds."""
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(_PIECES, (ids["tenant_id"], rounds)).fetchall()
    own = deeds(who.role, ids, iter([row[0] for row in rows]))
    found = [Measured(who.role, f"POST {one.action}", 200) for one in own]
    for _ in range(rounds):
        answer = b""
        for deed, measured in zip(own, found, strict=True):
            shown = answer if deed.page is None else who.get(deed.page)[1]
            answer = _do(who, deed, _fields(shown, deed), measured, pace)
    return found


def _fields(shown: bytes, deed: Deed) -> dict[str, str]:
    """The form as a browser sends it: its own values, and over them what was typed."""
    forms = html.fromstring(shown.decode()).forms
    mine = next(one for one in forms if one.method == "POST" and one.action not in _EVERYWHERE)
    own = dict(mine.form_values())
    return {**own, **(deed.values() if callable(deed.values) else deed.values)}


def _do(who: Asker, deed: Deed, fields: dict[str, str], measured: Measured, pace: Pace) -> bytes:
    partial = {"HX_Request_Type": "partial", "HX_Target": deed.target} if deed.target else {}
    loop = pace.take()
    answer, body = who.post(deed.action, fields, **_HTMX, **partial)
    timed(measured, answer, loop)
    measured.status = answer.status if answer.status >= 400 else measured.status
    measured.bytes = max(measured.bytes, len(body))
    return brotli.decompress(body) if answer.getheader("Content-Encoding") == "br" else body
