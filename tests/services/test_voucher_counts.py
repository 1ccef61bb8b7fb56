"""The tabs' numbers count each voucher in the phase that the rules give it."""

import itertools
import uuid
from collections import Counter
from datetime import timedelta

from sqlalchemy import select

from tests.support import books
from tests.support.cast import Caller, issue
from voucherweb.domain import clock
from voucherweb.domain.voucher_rules import Phase, phase
from voucherweb.models import Voucher
from voucherweb.services.voucher_counts import by_phase
from voucherweb.transaction import session, unit_of_work

HOUR = timedelta(hours=1)


def test_every_combination_is_counted_in_the_phase_that_the_rules_give(
    admin: Caller, stranger: Caller
) -> None:
    now = clock.now()
    issue(stranger)
    admin.data("/voucher-mgmt/voucher/delete", {"id": issue(admin, on=False)})
    ends = (now - HOUR, now, now + HOUR)
    for on, on_end, use_end in itertools.product((None, "ON", "OFF"), ends, ends):
        starts = dict.fromkeys(("redeem_start", "use_start", "on_start"), now - 3 * HOUR)
        books.change_voucher(
            issue(admin, on=on is not None),
            **starts,
            **{"status": on} if on else {},
            on_end=on_end,
            redeem_end=min(on_end, use_end),
            use_end=use_end,
        )
    tenant_id = uuid.UUID(admin.tenant_id or "")
    with clock.frozen(now), unit_of_work():
        mine = select(Voucher).where(Voucher.tenant_id == tenant_id, Voucher.deleted_at.is_(None))
        expected = Counter(phase(one, now) for one in session.scalars(mine))
        counted = by_phase(mine)
    assert counted == expected
    assert set(counted) == set(Phase)
    assert sum(counted.values()) == 27


def test_one_query_counts_and_an_empty_tenant_has_every_phase(tenant_id: str) -> None:
    with books.statements() as seen, unit_of_work():
        mine = select(Voucher).where(Voucher.tenant_id == uuid.UUID(tenant_id))
        assert by_phase(mine) == dict.fromkeys(Phase, 0)
    assert len(seen) == 1
