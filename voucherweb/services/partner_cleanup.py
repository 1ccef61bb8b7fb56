"""What partners leave behind goes in its time: tokens that have ended, and old lines of the log."""

from datetime import timedelta
from typing import Final

from sqlalchemy import delete, or_, select

from voucherweb.domain import clock
from voucherweb.models import ApiKeySecret, ConnectFamily, ExchangeToken, PartnerCall
from voucherweb.services import cleanup

KEEP_CALLS: Final = timedelta(days=30)
KEEP_EXCHANGES: Final = timedelta(days=7)
"""Certification reads how often each exchange token was offered."""
KEEP_ENDED: Final = timedelta(days=1)


def forget_calls() -> int:
    """Remove lines of the log of calls after 30 days; how many."""
    before = clock.now() - KEEP_CALLS

    def bite() -> int:
        old = select(PartnerCall.id).where(PartnerCall.at < before).limit(cleanup.BITE)
        gone = delete(PartnerCall).where(PartnerCall.id.in_(old)).returning(PartnerCall.id)
        return cleanup.deleted(gone)

    return cleanup.in_bites(bite)


def forget_tokens() -> int:
    """Remove exchange tokens 7 days after they ended, and token families (with their refresh
    tokens) and rotated secrets a day after; how many of all."""
    return _forget_exchanges() + _forget_families() + _forget_secrets()


def _forget_exchanges() -> int:
    before = clock.now() - KEEP_EXCHANGES
    key = ExchangeToken.token_hash

    def bite() -> int:
        old = select(key).where(ExchangeToken.expires_at < before).limit(cleanup.BITE)
        return cleanup.deleted(delete(ExchangeToken).where(key.in_(old)).returning(key))

    return cleanup.in_bites(bite)


def _forget_families() -> int:
    before = clock.now() - KEEP_ENDED
    ended = or_(ConnectFamily.expires_at < before, ConnectFamily.revoked_at < before)

    def bite() -> int:
        old = select(ConnectFamily.id).where(ended).limit(cleanup.BITE)
        gone = delete(ConnectFamily).where(ConnectFamily.id.in_(old)).returning(ConnectFamily.id)
        return cleanup.deleted(gone)

    return cleanup.in_bites(bite)


def _forget_secrets() -> int:
    before = clock.now() - KEEP_ENDED

    def bite() -> int:
        old = select(ApiKeySecret.id).where(ApiKeySecret.expires_at < before).limit(cleanup.BITE)
        gone = delete(ApiKeySecret).where(ApiKeySecret.id.in_(old)).returning(ApiKeySecret.id)
        return cleanup.deleted(gone)

    return cleanup.in_bites(bite)
