"""The statistics' cells against the redemptions and engagements that they count, and the daily
roll-up against the cells (behaviour §7)."""

from voucherweb.services.proof_checks.check import Check

_KEY = "(voucher_id, gender, age_level)"
_ID = "voucher_id || '/' || gender || '/' || age_level"
_SUMS = (
    "ARRAY[sum(redeemed), sum(used), sum(reach_persons), sum(reach_times), sum(click_persons),"
    " sum(click_times)]"
)
_SIX_NOUGHTS = "{0,0,0,0,0,0}"


def _cells(measures: str, recount: str) -> str:
    """Cells beside their recount: both name voucher_id, gender, age_level and one array `n`."""
    return f"""
        SELECT {_ID} AS id, coalesce(c.n, '{{0,0}}') AS said, coalesce(e.n, '{{0,0}}') AS should
        FROM (
            SELECT voucher_id, gender, age_level, ARRAY[{measures}]::bigint[] AS n
            FROM voucher_cells
        ) c FULL JOIN ({recount}) e USING {_KEY}
    """


CHECKS = (
    Check(
        "cells.pieces",
        "voucher_cells",
        "redeemed and used",
        _cells(
            "redeemed, used",
            """
            SELECT voucher_id, gender, age_level, ARRAY[sum(taken), sum(used)]::bigint[] AS n
            FROM (
                SELECT voucher_id, gender, age_level, 1 AS taken, 0 AS used FROM redemptions
                UNION ALL
                SELECT voucher_id, used_gender, used_age_level, 0, 1 FROM redemptions
                WHERE used_at IS NOT NULL
            ) pieces GROUP BY 1, 2, 3
            """,
        ),
    ),
    Check(
        "cells.persons",
        "voucher_cells",
        "persons reached and persons who clicked",
        _cells(
            "reach_persons, click_persons",
            """
            SELECT voucher_id, gender, age_level,
                   ARRAY[count(*) FILTER (WHERE kind = 'R'), count(*) FILTER (WHERE kind = 'C')]
                       AS n
            FROM engagements GROUP BY 1, 2, 3
            """,
        ),
    ),
    # Each time counts in the group that the member was in just then, which the engagement no
    # longer tells: a voucher's cells are proved together.
    Check(
        "cells.times",
        "vouchers",
        "times reached and times clicked",
        """
        SELECT voucher_id AS id, coalesce(c.n, '{0,0}') AS said, coalesce(e.n, '{0,0}') AS should
        FROM (
            SELECT voucher_id, ARRAY[sum(reach_times), sum(click_times)] AS n
            FROM voucher_cells GROUP BY 1
        ) c FULL JOIN (
            SELECT voucher_id, ARRAY[coalesce(sum(times) FILTER (WHERE kind = 'R'), 0),
                                     coalesce(sum(times) FILTER (WHERE kind = 'C'), 0)] AS n
            FROM engagements GROUP BY 1
        ) e USING (voucher_id)
        """,
    ),
    # The group is that of the first event. Calls of one member that overlap may be written in
    # another order than their clocks say, hence the minute.
    Check(
        "scopes.members",
        "engagement_scopes",
        "(member/tenant/scope/kind) group of the first event",
        """
        SELECT member_id || '/' || tenant_id || '/' || scope || '/' || kind AS id, s.who AS said,
               CASE WHEN s.who = ANY (e.early) THEN s.who ELSE e.early[1] END AS should
        FROM (
            SELECT member_id, tenant_id, scope, kind, gender || ' ' || age_level AS who
            FROM engagement_scopes
        ) s FULL JOIN (
            SELECT member_id, tenant_id, scope, kind,
                   array_agg(who ORDER BY first_at)
                       FILTER (WHERE first_at <= earliest + interval '1 minute') AS early
            FROM (
                SELECT g.member_id, v.tenant_id, t.scope, g.kind, g.first_at,
                       g.gender || ' ' || g.age_level AS who,
                       min(g.first_at) OVER (
                           PARTITION BY g.member_id, v.tenant_id, t.scope, g.kind
                       ) AS earliest
                FROM engagements g JOIN vouchers v ON v.id = g.voucher_id
                CROSS JOIN LATERAL (VALUES ('*'), (v.voucher_type)) AS t (scope)
            ) events GROUP BY 1, 2, 3, 4
        ) e USING (member_id, tenant_id, scope, kind)
        """,
    ),
    Check(
        "cells.tenant",
        "tenant_cells",
        "persons",
        """
        SELECT tenant_id || '/' || scope || '/' || kind || '/' || gender || '/' || age_level AS id,
               coalesce(c.persons, 0)::bigint AS said, coalesce(s.persons, 0) AS should
        FROM tenant_cells c FULL JOIN (
            SELECT tenant_id, scope, kind, gender, age_level, count(*) AS persons
            FROM engagement_scopes GROUP BY 1, 2, 3, 4, 5
        ) s USING (tenant_id, scope, kind, gender, age_level)
        """,
    ),
    # On which day something happened only the roll-up tells, and the zone of days may have been
    # another once: a voucher's days are proved together.
    Check(
        "days.cells",
        "vouchers",
        "redeemed, used, persons and times reached, persons and times clicked over all days",
        f"""
        SELECT voucher_id AS id, coalesce(d.n, '{_SIX_NOUGHTS}') AS said,
               coalesce(c.n, '{_SIX_NOUGHTS}') AS should
        FROM (SELECT voucher_id, {_SUMS} AS n FROM voucher_days GROUP BY 1) d
        FULL JOIN (SELECT voucher_id, {_SUMS} AS n FROM voucher_cells GROUP BY 1) c
            USING (voucher_id)
        """,
    ),
)
