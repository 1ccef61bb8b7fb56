"""Certifies a partner's integration by what its sandbox key has really done (contract B).

The evidence is the log of the key's calls and, for add-ons, the exchange tokens of its tenant.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Select,
    Subquery,
    Text,
    and_,
    cast,
    func,
    literal,
    or_,
    select,
)

from voucherweb.domain.certification import (
    FETCHING,
    TOLD,
    WRITING,
    Finding,
    Result,
    Seen,
    Sentence,
    judge_keys,
    judge_renewals,
    judge_repeats,
    judge_waits,
)
from voucherweb.domain.transaction_windows import CountRows, judge_windows
from voucherweb.errors import invalid
from voucherweb.models import (
    AddOn,
    ApiKey,
    AuditEntry,
    ExchangeToken,
    PartnerCall,
    PointsEntry,
    Tenant,
)
from voucherweb.transaction import session

MOST_CALLS: Final = 500
"""Calls that are judged at most, the latest. Whoever shows the items needs some fifty."""
MOST_SEEN: Final = 5000
"""The latest calls, among which those that tell something are looked for."""
AFTER_REFUSAL: Final = 20
"""So many calls after a refusal tell how it was taken."""

TITLES: Final = {
    "idempotency-key": Sentence("每個寫入都帶 Idempotency-Key", "Sends a key with every write"),
    "repeat-after-timeout": Sentence(
        "逾時的寫入以同一個鍵重送", "Repeats a timed-out write with the same key"
    ),
    "retry-after": Sentence(
        "收到 429 或 503 後等待 Retry-After", "Waits for Retry-After after a 429 or 503"
    ),
    "transaction-windows": Sentence(
        "以首尾相接的半開區間讀完交易", "Reads transactions to the end in half-open windows"
    ),
    "renew-after-401": Sentence("收到 401 後換發權杖", "Renews its token after a 401"),
    "exchange-once": Sentence("每個交換權杖只用一次", "Uses each exchange token once"),
}
"""The items of a certification, in their order."""

TO_DO: Final = {
    "idempotency-key": Sentence(
        "每個 POST 與 DELETE 都帶新的 Idempotency-Key，例如 UUID；只有重送同一個請求時才沿用。",
        "Send a new Idempotency-Key, such as a UUID, with every POST and DELETE; use it again only"
        " to repeat the same request.",
    ),
    "repeat-after-timeout": Sentence(
        "以 X-Sandbox-Fault: timeout-after-commit 做一次寫入，收到 504 後以同一個鍵與內容重送。",
        "Write once with X-Sandbox-Fault: timeout-after-commit, and after the 504 send the same"
        " key and content again.",
    ),
    "retry-after": Sentence(
        "以 X-Sandbox-Fault: too-many-requests 呼叫一次，等待 Retry-After 秒後再送同一個呼叫；"
        "同一把金鑰的所有行程都要等。",
        "Call once with X-Sandbox-Fault: too-many-requests, wait the seconds of Retry-After, then"
        " make the same call again; every process that uses the key has to wait.",
    ),
    "transaction-windows": Sentence(
        "讀至少兩段交易：from 等於上一段的 to，to 不在未來，每段由第 1 頁讀到最後一頁；"
        "其中一段的 size 要小到有兩頁以上。",
        "Read at least two windows of transactions: each from equals the to before it, no to lies"
        " in the future, pages run from 1 to the last; choose a size so small that one window has"
        " several pages.",
    ),
    "renew-after-401": Sentence(
        "以 X-Sandbox-Fault: unauthorized 呼叫一次，收到 401 後以金鑰換發權杖，再呼叫一次。",
        "Call once with X-Sandbox-Fault: unauthorized, fetch a new token with the key after the"
        " 401, then call again.",
    ),
    "exchange-once": Sentence(
        "由管理網站開啟附加元件，並在 60 秒內以 exchange_token 換發一次權杖；"
        "重新整理頁面時不要再送同一個。",
        "Open the add-on from the admin site and exchange its exchange_token once within 60"
        " seconds; do not send it again when the page reloads.",
    ),
}
"""What an integrator does to pass an item."""

AGAIN: Final = Sentence(
    "修正後請用新的沙盒金鑰，或以較晚的起點（--since）重新認證。",
    "When it is mended, certify anew: with a new sandbox key, or from a later moment (--since).",
)


@dataclass(frozen=True, slots=True)
class Item:
    """One item: what was found, and what to do when it has not passed."""

    name: str
    title: Sentence
    finding: Finding
    to_do: Sentence | None

    @property
    def has_passed(self) -> bool:
        return self.finding.result in {Result.PASSED, Result.NOT_NEEDED}


@dataclass(frozen=True, slots=True)
class Report:
    """A certification of one key over its calls since `since` (all that the log holds)."""

    key: str
    since: datetime | None
    calls: int
    items: tuple[Item, ...]

    @property
    def has_passed(self) -> bool:
        return all(one.has_passed for one in self.items)


def certify(key: ApiKey, since: datetime | None = None) -> Report:
    """Judge what the key has done. Raises INVALID_PARAMETER for a live key."""
    if key.kind != "SANDBOX":
        raise invalid("key", "is not a sandbox key", "不是沙盒金鑰")
    calls, is_cut = _calls(key, since)
    findings = {
        "idempotency-key": judge_keys(calls),
        "repeat-after-timeout": judge_repeats(calls),
        "retry-after": judge_waits(calls),
        "transaction-windows": judge_windows(calls, _counter(key), is_cut=is_cut),
        "renew-after-401": judge_renewals(calls),
        "exchange-once": _judge_exchanges(key, since),
    }
    return Report(key.key, since, len(calls), tuple(map(_item, findings.items())))


def _item(found: tuple[str, Finding]) -> Item:
    name, finding = found
    to_do = None
    if finding.result is Result.NOT_SHOWN:
        to_do = TO_DO[name]
    elif finding.result is Result.FAILED:
        to_do = Sentence(TO_DO[name].zh + AGAIN.zh, f"{TO_DO[name].en} {AGAIN.en}")
    return Item(name, TITLES[name], finding, to_do)


_LOGGED: Final = (
    *(PartnerCall.at, PartnerCall.ms, PartnerCall.request_id, PartnerCall.method),
    *(PartnerCall.path, PartnerCall.query, PartnerCall.status, PartnerCall.code),
    *(PartnerCall.idempotency_key, PartnerCall.replayed, PartnerCall.fingerprint),
    PartnerCall.retry_after,
)
"""What is seen of a call, in the order of `Seen`."""


def _calls(key: ApiKey, since: datetime | None) -> tuple[list[Seen], bool]:
    """The key's calls that tell something, and the tokens that it fetched, in the order in which
    they were answered; and whether there are earlier ones."""
    logged = select(*_LOGGED, PartnerCall.id).where(PartnerCall.caller == f"key:{key.id}")
    fetched = select(AuditEntry.at, AuditEntry.request_id).where(
        AuditEntry.object_kind == "api_key",
        AuditEntry.object_id == str(key.id),
        AuditEntry.action == "api_key.token",
    )
    if since is not None:
        logged = logged.where(PartnerCall.at >= since)
        fetched = fetched.where(AuditEntry.at >= since)
    latest = (PartnerCall.at.desc(), PartnerCall.id.desc())
    newest = logged.order_by(*latest).limit(MOST_SEEN).subquery("newest")
    calls = session.execute(_telling(newest)).all()
    tokens = session.execute(fetched.order_by(AuditEntry.id.desc()).limit(MOST_CALLS))
    found = [*(Seen(*row[:-1]) for row in calls), *(_fetched(*row) for row in tokens)]
    is_cut = len(found) >= MOST_CALLS or any(row[-1] >= MOST_SEEN for row in calls)
    return sorted(found, key=lambda one: one.at)[-MOST_CALLS:], is_cut


def _telling(newest: Subquery) -> Select[*tuple[Any, ...]]:
    """Of the newest calls those that an item is judged by, with how many were looked through: a
    partner who reads all day long is not judged by what he read alone."""
    call = newest.c
    order = (call.at, call.id)
    refused = call.status.in_((401, 429, 503))
    refusals = func.count().filter(refused).over(order_by=order)
    numbered = select(newest, refusals.label("refusals"), func.count().over().label("seen"))
    after = numbered.subquery("numbered").c
    place = func.row_number().over(partition_by=after.refusals, order_by=(after.at, after.id))
    one = select(*after, place.label("place")).subquery("placed").c
    return (
        select(*(one[column.key] for column in _LOGGED), one.seen)
        .where(
            or_(
                one.method.in_(WRITING),
                one.status >= 300,
                one.path.contains("/connect/transactions"),
                and_(one.refusals > 0, one.place <= AFTER_REFUSAL),
            )
        )
        .order_by(one.at.desc(), one.id.desc())
        .limit(MOST_CALLS)
    )


def _fetched(at: datetime, request_id: str | None) -> Seen:
    """A token that was fetched with the key, of which the audit log tells."""
    return Seen(
        at=at,
        ms=0,
        request_id=request_id or "",
        method="POST",
        path=FETCHING,
        query="",
        status=201,
        code=None,
        key=None,
        replayed=False,
        fingerprint=None,
        retry_after=None,
    )


def _counter(key: ApiKey) -> CountRows:
    """Counts the transactions of windows as the key sees them: all in one statement, which tells
    how many lie between any two of their ends."""
    twin = select(Tenant.id).where(Tenant.sandbox_of == key.tenant_id).scalar_subquery()

    def count(spans: Sequence[tuple[datetime, datetime]]) -> list[int]:
        ends = sorted({end for span in spans for end in span})
        at = PointsEntry.created_at
        # As one text, which is written down sooner than hundreds of values; by way of a query,
        # which is run once and not for each transaction.
        written = literal("{" + ",".join(end.isoformat() for end in ends) + "}", Text)
        steps = select(cast(written, ARRAY(DateTime(timezone=True)))).scalar_subquery()
        place = func.width_bucket(at, steps)
        rows = session.execute(
            select(place.label("place"), func.count())
            .where(PointsEntry.owner_id == twin, at >= ends[0], at < ends[-1])
            .group_by("place")
        )
        between = {row[0]: row[1] for row in rows}
        before = dict(
            zip(ends, accumulate(between.get(n, 0) for n in range(len(ends))), strict=True)
        )
        return [max(0, before[end] - before[start]) for start, end in spans]

    return count


def _judge_exchanges(key: ApiKey, since: datetime | None) -> Finding:
    """Every exchange token that the tenant's add-ons offered was offered once, in time."""
    if not session.scalar(select(func.count()).where(AddOn.tenant_id == key.tenant_id)):
        return Finding(Result.NOT_NEEDED, Sentence("租戶沒有附加元件", "The tenant has no add-on"))
    offered = [AddOn.tenant_id == key.tenant_id, ExchangeToken.attempts > 0]
    if since is not None:
        offered.append(ExchangeToken.created_at >= since)
    wrong = or_(ExchangeToken.attempts > 1, ExchangeToken.used_at.is_(None))
    joined = select(func.count(), func.count().filter(wrong)).join_from(AddOn, ExchangeToken)
    tokens, again = session.execute(joined.where(*offered)).one()
    if not tokens:
        return Finding(Result.NOT_SHOWN, Sentence("沒有用過交換權杖", "No exchange token was used"))
    if again:
        reason = Sentence(
            f"{again} 個交換權杖用了不只一次，或過期後才用",
            f"{again} exchange tokens were offered more than once, or too late",
        )
        return Finding(Result.FAILED, reason, _made_at([*offered, wrong]))
    reason = Sentence(
        f"{tokens} 個交換權杖各用一次", f"All {tokens} exchange tokens were used once"
    )
    return Finding(Result.PASSED, reason, _made_at(offered))


def _made_at(offered: Sequence[ColumnElement[bool]]) -> tuple[str, ...]:
    """The latest of these. A token has no request of the key's; the moment when it was made names
    it."""
    made = select(ExchangeToken.created_at).join_from(AddOn, ExchangeToken).where(*offered)
    latest = session.scalars(made.order_by(ExchangeToken.created_at.desc()).limit(TOLD)).all()
    return tuple(f"token of {one.isoformat()}" for one in reversed(latest))
