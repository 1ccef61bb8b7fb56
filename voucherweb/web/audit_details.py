"""The details of an entry of the audit log as people read them: what each field is called, its
value as pages show such values, and of a change what was there before."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import orjson

from voucherweb.services.audit_log import MENTIONED, Entry
from voucherweb.services.export_kinds import EXPORTS
from voucherweb.web import labels, shown
from voucherweb.web.audit_words import audit_word
from voucherweb.web.field_words import FIELDS, field_word
from voucherweb.web.jobs import KINDS
from voucherweb.web.language import Text, is_english, t
from voucherweb.web.partner_words import scope_names
from voucherweb.web.profile import APPEARANCES, LANGUAGES

EMPTY: Final = Text("（空白）", "(empty)")
CHANGED: Final = {
    "admin.appearance": "appearance",
    "admin.desk": "desk",
    "admin.language": "language",
    "admin.rename": "name",
    "admin.role": "role",
    "branch.rename": "name",
    "tenant.hide_small_groups": "hideSmallGroups",
    "tenant.rename": "name",
    "vendor.move": "tenant",
    "voucher.status": "status",
}
"""What `before` and `after` are of, where a deed changes one thing."""
REASONS: Final = {
    "unknown": Text("不存在、已停用或不屬於該租戶", "Unknown, disabled or another tenant's"),
    "ended": Text("附加元件或登入已結束", "The add-on or the sign-in has ended"),
    "expired": Text("權杖已過期", "The token has expired"),
    "used": Text("權杖已使用過", "The token was used before"),
    "revoked": Text("已撤銷", "Revoked"),
    "secret": Text("密鑰不正確", "The secret is wrong"),
    "role": Text("只有租戶管理員可以", "Only a tenant's admin may"),
}
STEPS: Final = {
    "offer": Text("開啟附加元件", "Opening the add-on"),
    "exchange": Text("以交換權杖取得權杖", "Exchanging its token"),
    "refresh": Text("更新權杖", "Renewing its tokens"),
}
ENDS: Final = {
    "on": Text("下架日已到", "Its last day on the shelf was over"),
    "use": Text("使用迄日已到", "Its last day of use was over"),
}
FILES: Final = {"xlsx": Text("Excel", "Excel"), "csv": Text("CSV", "CSV")}

Write = Callable[[Any, Entry], str]


@dataclass(frozen=True, slots=True)
class Line:
    """One field of an entry's data. `name` is what it is called, `key` what it is stored as, the
    same for a field that another release wrote. `before` is None but for a change. `code`: the
    value is for machines."""

    key: str
    name: str
    value: str
    before: str | None = None
    code: bool = False

    @property
    def known(self) -> bool:
        return self.name != self.key


def details(entry: Entry) -> list[Line]:
    """The fields of an entry in the order in which the database keeps them."""
    return [_line(entry, *one) for one in _fields(entry)]


_Field = tuple[str, Any, tuple[Any, ...]]
"""The name of a field, its value, and its former value, if any."""


def _fields(entry: Entry) -> Iterator[_Field]:
    data = dict(entry.data)
    yield from _one_change(entry.action, data)
    filters = data.pop("filters", None)
    for name, value in data.items():
        pair = isinstance(value, list) and len(value) == 2 and name != "scopes"
        if pair and entry.action.endswith((".change", ".update")) and name != "changed":
            yield name, value[1], (value[0],)
        else:
            yield name, value, ()
    if isinstance(filters, Mapping):
        yield from ((name, value, ()) for name, value in filters.items())


def _one_change(action: str, data: dict[str, Any]) -> Iterator[_Field]:
    """What `before` and `after` say, taken out of the data."""
    if "was" in data:
        yield "name", data.pop("name", None), (data.pop("was"),)
    if "before" not in data and "after" not in data:
        return
    before = (data.pop("before"),) if "before" in data else ()
    after = data.pop("after", data.pop("now", None))
    if isinstance(after, Mapping):
        former = before[0] if before and isinstance(before[0], Mapping) else {}
        for name, value in after.items():
            yield name, value, (former[name],) if name in former else ()
        return
    yield CHANGED.get(action, "after"), after, before


def _line(entry: Entry, name: str, value: Any, before: tuple[Any, ...]) -> Line:
    if entry.action == "vendor.move":
        # The entry's own object tells whose the vendor is now.
        return Line(name, t("原本的租戶", "Tenant before"), str(before[0]), code=True)
    said = _said(entry, name, value)
    was = _said(entry, name, before[0]) if before else None
    code = name in MENTIONED or name in CODES or name not in FIELDS
    return Line(name, field_word(name) or name, said, was, code=code)


CODES: Final = frozenset(
    {"memberId", "gift", "transaction", "voided", "key", "voucherId", "setId", "adminId", "object"}
)
"""Fields whose value is an id or a key."""


def _said(entry: Entry, name: str, value: Any) -> str:
    if value is None or value == "":
        return str(EMPTY)
    if isinstance(value, bool):
        return t("是", "Yes") if value else t("否", "No")
    write = _WRITERS.get(name)
    if write is not None:
        try:
            return write(value, entry)
        except (TypeError, ValueError, KeyError):
            pass  # Another release kept it in another form: it is shown as it is.
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _moment(value: Any, _entry: Entry) -> str:
    return shown.moment_to_second(datetime.fromisoformat(value))


def _count(value: Any, _entry: Entry) -> str:
    return shown.number(value)


def _points(value: Any, _entry: Entry) -> str:
    return shown.points(value)


def _more_points(value: Any, _entry: Entry) -> str:
    return f"{'+' if value > 0 else ''}{shown.points(value)}"


def _money(value: Any, _entry: Entry) -> str:
    return shown.money(Decimal(value))


def _of(words: Mapping[Any, Text]) -> Write:
    return lambda value, _entry: str(words[value])


def _label(kind: str) -> Write:
    return lambda value, _entry: labels.label(kind, value)


def _status(value: Any, entry: Entry) -> str:
    kind = "campaign_status" if entry.object_kind == "campaign" else "status"
    return labels.label(kind, value)


def _hours(value: Any, _entry: Entry) -> str:
    hours = int(value) if value == int(value) else value
    return t(f"{hours:,} 小時", f"{hours:,} hour{'' if hours == 1 else 's'}")


def _minutes(value: Any, _entry: Entry) -> str:
    return t(f"{value:,} 分鐘", f"{value:,} minute{'' if value == 1 else 's'}")


def _names(value: Any, _entry: Entry) -> str:
    return t("、", ", ").join(field_word(one) or one for one in value)


def _scopes(value: Any, _entry: Entry) -> str:
    return t("；", "; ").join(str(one) for one in scope_names(value))


def _reason(value: Any, entry: Entry) -> str:
    """Programs refuse for one of a few reasons; people write theirs."""
    refused = entry.action.endswith(".refused")
    return str(REASONS[value]) if refused else str(value)


def _export(value: Any, _entry: Entry) -> str:
    return EXPORTS[value].name[is_english()]


_MOMENTS: Final = ("on_start", "on_end", "redeem_start", "redeem_end", "use_start", "use_end")
_COUNTS: Final = (
    *("count", "quantity", "volume", "row", "redeem_limit", "tenants", "vouchers"),
    *("members", "redemptions", "engagements", "used"),
)
_WRITERS: Final[Mapping[str, Write]] = {
    **dict.fromkeys((*_MOMENTS, "expired_at", "start_date", "end_date"), _moment),
    **dict.fromkeys(_COUNTS, _count),
    **dict.fromkeys(("points", "balance", "refunded", "redeem_points"), _points),
    **dict.fromkeys(("price", "value_per_point"), _money),
    **dict.fromkeys(("voucher_type", "voucherType"), _label("voucher_type")),
    "delta": _more_points,
    "bytes": lambda value, _entry: shown.size(value),
    "session_idle_minutes": _minutes,
    **dict.fromkeys(("hours", "invite_hours", "reset_hours"), _hours),
    "target_type": _label("target"),
    "use_type": _label("use_type"),
    "role": _label("role"),
    "status": _status,
    "phase": _label("phase"),
    "state": _label("job_state"),
    "action": lambda value, _entry: audit_word("action", value),
    "kind": lambda value, _entry: audit_word("kind", value),
    "language": _of(dict(LANGUAGES)),
    "appearance": _of(dict(APPEARANCES)),
    "what": _export,
    "job": _of(KINDS),
    "format": _of(FILES),
    "extension": _of(FILES),
    "reason": _reason,
    "step": _of(STEPS),
    "ended": _of(ENDS),
    "changed": _names,
    "scopes": _scopes,
}
"""How the values of fields are written; the others are shown as they are."""
