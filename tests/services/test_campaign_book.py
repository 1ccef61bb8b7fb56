"""The totals of a programme against a slow recount of its entries."""

from sqlalchemy import func, select

from tests.support import cards
from tests.support.cast import Caller, issue
from voucherweb.domain.actor import OPERATOR
from voucherweb.models import PLATFORM_PROGRAMME, Card, PointsEntry
from voucherweb.services import campaign_book
from voucherweb.transaction import session, unit_of_work


def recounted(kind: str) -> int:
    with unit_of_work():
        query = (
            select(func.coalesce(func.sum(PointsEntry.points), 0))
            .join(Card, Card.id == PointsEntry.card_id)
            .where(PointsEntry.kind == kind, Card.programme_id == PLATFORM_PROGRAMME)
        )
        return int(session.scalar(query) or 0)


def test_what_was_redeemed_is_what_the_entries_say(admin: Caller, member: Caller) -> None:
    for price, pieces in ((5, 2), (7, 1)):
        voucher = issue(admin, price=price)
        for _ in range(pieces):
            member.data("/voucher/redeem", {"voucherId": voucher})
    issue(admin, price=9)
    cards.tenant_with_holder()  # Another programme, whose points are none of the platform's.
    with unit_of_work():
        told = campaign_book.totals(OPERATOR, PLATFORM_PROGRAMME)
        held = session.scalar(
            select(func.sum(Card.balance)).where(Card.programme_id == PLATFORM_PROGRAMME)
        )
    assert told.redeemed == recounted("REDEEM") == (2 * 5 + 7) * 30
    assert told.added == recounted("GRANT") == 100_000
    assert told.outstanding == held
