"""Contract B call 8: what happened to the points, in windows of time."""

from dataclasses import asdict

from voucherweb.api.partner.answers import Listed
from voucherweb.api.partner.call import Asked, call
from voucherweb.api.partner.points_shapes import Transaction, TransactionQuery
from voucherweb.domain.partner import Scope
from voucherweb.errors import invalid
from voucherweb.services.partner_transactions import Window, read_window


@call(
    "GET",
    "/v2/connect/transactions",
    scope=Scope.POINTS_READ,
    query=TransactionQuery,
    data=Transaction,
    listed=True,
    alias=True,
    errors=("UNAVAILABLE",),
    summary=("取得交易紀錄", "Get transactions"),
)
def transactions(asked: Asked) -> Listed:
    """The transactions from `from` (inclusive) to `to` (exclusive), by `created_at` and `uuid`.

    A window whose `to` is not in the future is final: asked again it answers the same. Windows of
    which each begins where the one before ended lose nothing and tell nothing twice.
    """
    query = asked.query
    if query.since and query.until and query.since > query.until:
        raise invalid("from", "must not be after to", "不可晚於 to")
    window = Window(query.since, query.until)
    rows, total = read_window(
        asked.execute, asked.partner.owner_id, window, query.size, query.offset
    )
    return Listed([Transaction(**asdict(row)) for row in rows], total)
