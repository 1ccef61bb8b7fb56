"""Writes the demo's history set-based: COPY into temporary tables, then one statement a table.

Every counter, running total and cell that belongs to the rows is written with them, as the
functions of migrations/functions would have left them, so that `books prove` is clean.
"""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

from psycopg import Connection, Cursor

from voucherweb.demo.history import History
from voucherweb.demo.ledger import Move
from voucherweb.demo.people import Person
from voucherweb.domain import clock
from voucherweb.domain.actor import OPERATOR
from voucherweb.models import PLATFORM_PROGRAMME
from voucherweb.transaction import session

_MEMBER: Final = (
    "id, household_member_id, tenant_id, name, gender, birthdate, phone_number, created_at"
)

# Moments come as epoch milliseconds, which are the cheapest to copy.
_TABLES: Final = """
CREATE TEMP TABLE demo_pieces (
    id uuid, voucher_id uuid, member_id uuid, points integer, redeemed bigint, used bigint
) ON COMMIT DROP;
CREATE TEMP TABLE demo_moves (
    place bigint, member_id uuid, at bigint, points integer, redemption_id uuid, reason text
) ON COMMIT DROP;
CREATE TEMP TABLE demo_engaged (
    member_id uuid, voucher_id uuid, kind text, times integer, first bigint, last bigint
) ON COMMIT DROP;
CREATE FUNCTION pg_temp.moment(millis bigint) RETURNS timestamptz LANGUAGE sql STABLE AS
    $$ SELECT 'epoch'::timestamptz + millis * interval '1 millisecond' $$;
CREATE FUNCTION pg_temp.level(born date, at timestamptz, zone text) RETURNS text
    LANGUAGE sql STABLE AS $$ SELECT age_level(born, (at AT TIME ZONE zone)::date) $$;
"""

_REDEMPTIONS: Final = (
    """
    INSERT INTO redemptions (id, voucher_id, member_id, seq, points, gender, age_level,
                             redeemed_at, used_at, used_gender, used_age_level, used_by)
    SELECT p.id, p.voucher_id, p.member_id,
           row_number() OVER (PARTITION BY p.voucher_id ORDER BY p.redeemed, p.id),
           p.points, m.gender, pg_temp.level(m.birthdate, a.redeemed_at, %(zone)s),
           a.redeemed_at, a.used_at,
           CASE WHEN p.used IS NOT NULL THEN m.gender END,
           CASE WHEN p.used IS NOT NULL
                THEN pg_temp.level(m.birthdate, a.used_at, %(zone)s) END,
           CASE WHEN p.used IS NOT NULL THEN 'member:' || m.id END
    FROM demo_pieces p JOIN members m ON m.id = p.member_id
    CROSS JOIN LATERAL (
        SELECT pg_temp.moment(p.redeemed) AS redeemed_at, pg_temp.moment(p.used) AS used_at
    ) a
    ORDER BY p.redeemed
    """,
    """
    UPDATE vouchers v SET redeemed = p.pieces
    FROM (SELECT voucher_id, count(*) AS pieces FROM demo_pieces GROUP BY 1) p
    WHERE v.id = p.voucher_id
    """,
    """
    UPDATE coupons c SET status = 'ACTIVE'
    FROM vouchers v JOIN redemptions r ON r.voucher_id = v.id
    WHERE v.coupon_set_id = c.set_id AND r.seq = c.ordinal
    """,
    """
    INSERT INTO voucher_cells (voucher_id, gender, age_level, redeemed, used)
    SELECT voucher_id, gender, age_level, sum(taken), sum(used) FROM (
        SELECT voucher_id, gender, age_level, 1 AS taken, 0 AS used FROM redemptions
        UNION ALL
        SELECT voucher_id, used_gender, used_age_level, 0, 1 FROM redemptions
        WHERE used_at IS NOT NULL
    ) pieces GROUP BY 1, 2, 3
    """,
)

_POINTS: Final = (
    """
    INSERT INTO cards (member_id, programme_id, balance, entry_count, created_at)
    SELECT m.id, %(programme)s, coalesce(w.balance, 0), coalesce(w.entries, 0), m.created_at
    FROM members m LEFT JOIN (
        SELECT member_id, sum(points) AS balance, count(*) AS entries FROM demo_moves GROUP BY 1
    ) w ON w.member_id = m.id
    """,
    """
    INSERT INTO points_entries (card_id, seq, kind, debit, credit, points, balance_after,
                                redemption_id, actor, reason, created_at)
    SELECT c.id, row_number() OVER line, k.kind, k.debit, k.credit, abs(w.points),
           sum(w.points) OVER line, w.redemption_id,
           CASE WHEN w.redemption_id IS NULL THEN %(operator)s ELSE 'member:' || w.member_id END,
           w.reason, pg_temp.moment(w.at)
    FROM demo_moves w
    JOIN cards c ON c.member_id = w.member_id AND c.programme_id = %(programme)s
    JOIN (VALUES (true, 'GRANT', 'PROGRAMME', 'CARD'), (false, 'REDEEM', 'CARD', 'VOUCHER'))
        AS k (won, kind, debit, credit) ON k.won = (w.points > 0)
    WINDOW line AS (PARTITION BY w.member_id ORDER BY w.place ROWS UNBOUNDED PRECEDING)
    ORDER BY w.at, w.place
    """,
)

_ENGAGEMENTS: Final = (
    """
    INSERT INTO engagements
        (member_id, voucher_id, kind, times, gender, age_level, first_at, last_at)
    SELECT e.member_id, e.voucher_id, e.kind, e.times, m.gender,
           pg_temp.level(m.birthdate, a.first_at, %(zone)s), a.first_at, pg_temp.moment(e.last)
    FROM demo_engaged e JOIN members m ON m.id = e.member_id
    CROSS JOIN LATERAL (SELECT pg_temp.moment(e.first) AS first_at) a
    ORDER BY e.member_id, e.voucher_id, e.kind
    """,
    """
    INSERT INTO fresh_engagements (member_id, voucher_id, kind)
    SELECT member_id, voucher_id, kind FROM engagements
    """,
    """
    INSERT INTO engagement_scopes (member_id, tenant_id, scope, kind, gender, age_level)
    SELECT DISTINCT ON (e.member_id, v.tenant_id, s.scope, e.kind)
           e.member_id, v.tenant_id, s.scope, e.kind, e.gender, e.age_level
    FROM engagements e JOIN vouchers v ON v.id = e.voucher_id
    CROSS JOIN LATERAL (VALUES ('*'), (v.voucher_type)) AS s (scope)
    ORDER BY e.member_id, v.tenant_id, s.scope, e.kind, e.first_at
    """,
    """
    INSERT INTO tenant_cells (tenant_id, scope, kind, gender, age_level, persons)
    SELECT tenant_id, scope, kind, gender, age_level, count(*) FROM engagement_scopes
    GROUP BY 1, 2, 3, 4, 5
    """,
    """
    INSERT INTO voucher_cells AS c (voucher_id, gender, age_level, reach_persons, reach_times,
                                    click_persons, click_times)
    SELECT voucher_id, gender, age_level,
           count(*) FILTER (WHERE kind = 'R'), coalesce(sum(times) FILTER (WHERE kind = 'R'), 0),
           count(*) FILTER (WHERE kind = 'C'), coalesce(sum(times) FILTER (WHERE kind = 'C'), 0)
    FROM engagements GROUP BY 1, 2, 3
    ON CONFLICT (voucher_id, gender, age_level) DO UPDATE SET
        reach_persons = excluded.reach_persons, reach_times = excluded.reach_times,
        click_persons = excluded.click_persons, click_times = excluded.click_times
    """,
)

# The times of one member lie evenly between the first and the last.
_DAYS: Final = """
    INSERT INTO voucher_days (voucher_id, day, redeemed, used, reach_persons, reach_times,
                              click_persons, click_times)
    SELECT voucher_id, (at AT TIME ZONE %(zone)s)::date, sum(taken), sum(used),
           count(*) FILTER (WHERE met = 'R' AND nth = 0), count(*) FILTER (WHERE met = 'R'),
           count(*) FILTER (WHERE met = 'C' AND nth = 0), count(*) FILTER (WHERE met = 'C')
    FROM (
        SELECT voucher_id, redeemed_at AS at, 1 AS taken, 0 AS used, NULL AS met, 0 AS nth
        FROM redemptions
        UNION ALL
        SELECT voucher_id, used_at, 0, 1, NULL, 0 FROM redemptions WHERE used_at IS NOT NULL
        UNION ALL
        SELECT voucher_id, first_at + (last_at - first_at) * n / greatest(times - 1, 1), 0, 0,
               kind, n
        FROM engagements CROSS JOIN LATERAL generate_series(0, times - 1) n
    ) events GROUP BY 1, 2
"""

_ANALYZE: Final = """
ANALYZE members, cards, points_entries, redemptions, engagements, engagement_scopes, voucher_cells,
        voucher_days, tenant_cells, vouchers, coupons
"""


def write_history(
    people: Iterable[Person],
    tenants: Sequence[uuid.UUID],
    history: History,
    moves: Iterable[Move],
    zone: str,
) -> None:
    """Write all of it into empty tables, in this unit of work."""
    parameters = {"zone": zone, "programme": PLATFORM_PROGRAMME, "operator": OPERATOR.key}
    with _cursor() as cursor:
        cursor.execute(_TABLES)
        _copy(cursor, f"members ({_MEMBER})", (_member(one, tenants) for one in people))
        _copy(cursor, "demo_pieces", history.pieces)
        _copy(cursor, "demo_engaged", history.engaged)
        _copy(cursor, "demo_moves", ((place, *move) for place, move in enumerate(moves)))
        for statement in (*_REDEMPTIONS, *_POINTS, *_ENGAGEMENTS, _DAYS):
            cursor.execute(statement, parameters)
        cursor.execute(_ANALYZE)


def _cursor() -> Cursor[Any]:
    driver = session.connection().connection.driver_connection
    if not isinstance(driver, Connection):
        raise TypeError("the unit of work has no database connection")
    return driver.cursor()


def _copy(cursor: Cursor[Any], target: str, rows: Iterable[Iterable[object]]) -> None:
    """Copy rows whose texts hold no tab, line break or backslash."""
    with cursor.copy(f"COPY {target} FROM STDIN") as copy:
        for batch in batched(rows, 2000):
            lines = ("\t".join("\\N" if v is None else str(v) for v in row) for row in batch)
            copy.write("\n".join(lines) + "\n")


def batched(rows: Iterable[Iterable[object]], size: int) -> Iterator[list[Iterable[object]]]:
    """The rows in lists of at most `size` (itertools has it from Python 3.12 on)."""
    remaining = iter(rows)
    while batch := list(islice(remaining, size)):
        yield batch


def _member(one: Person, tenants: Sequence[uuid.UUID]) -> tuple[object, ...]:
    tenant_id = None if one.house is None else tenants[one.house]
    joined = clock.from_millis(one.joined).isoformat()
    return (
        *(one.id, one.household_id, tenant_id, one.name),
        *(one.gender, one.born, one.phone, joined),
    )
