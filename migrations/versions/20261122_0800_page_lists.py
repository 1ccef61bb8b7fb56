"""What keeps the partner pages quick over long books and logs: which programme an entry is of,
sums of what is over, who holds cards, and the orders that lists are asked for in.

Revision: 0005, after 0004
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

HERE = Path(__file__).resolve().parent.parent / "functions"
FUNCTIONS = ("0005_page_lists",)
SUMS = ("added", "burned", "taken_back", "given_back")

# Entries are never changed otherwise: what was written before is told whose it was.
PROGRAMMES = """
ALTER TABLE points_entries DISABLE TRIGGER points_entries_append_only;
UPDATE points_entries e SET programme_id = c.programme_id FROM cards c
WHERE c.id = e.card_id AND e.owner_id <> '00000000-0000-0000-0000-000000000000';
ALTER TABLE points_entries ENABLE TRIGGER points_entries_append_only;
"""
HOLDERS = """
INSERT INTO campaign_holders (tenant_id, member_id)
SELECT DISTINCT p.tenant_id, c.member_id FROM cards c JOIN programmes p ON p.id = c.programme_id
WHERE p.tenant_id IS NOT NULL
"""

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("points_entries", sa.Column("programme_id", sa.Uuid(), nullable=True))
    op.create_table(
        "programme_sums",
        sa.Column("programme_id", sa.Uuid(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in SUMS),
        sa.CheckConstraint(
            " AND ".join(f"{name} >= 0" for name in SUMS), name=op.f("ck_programme_sums_sums")
        ),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["programmes.id"], name=op.f("fk_programme_sums_programme_id")
        ),
        sa.PrimaryKeyConstraint("programme_id", name=op.f("pk_programme_sums")),
    )
    op.create_table(
        "campaign_holders",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_campaign_holders_member_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_campaign_holders_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "member_id", name=op.f("pk_campaign_holders")),
    )
    for name in FUNCTIONS:
        statements = (HERE / f"{name}.sql").read_text(encoding="utf-8")
        # Straight to the driver: without parameters it accepts several statements at once. The
        # triggers hold writers off from here on, so that nothing is missed below.
        op.get_bind().connection.cursor().execute(statements)
    op.get_bind().connection.cursor().execute(PROGRAMMES)
    op.execute(HOLDERS)
    _index_points()
    _index_calls()
    op.create_index(
        "ix_cards_number", "cards", ["programme_id", sa.text('card_no COLLATE "C"')], unique=False
    )
    op.create_index(
        "ix_coupon_gifts_status", "coupon_gifts", ["set_id", "status", "ordinal"], unique=False
    )


def _index_points() -> None:
    # Revision 0004 got this index some hours after its first commit: not every database has it.
    op.drop_index("ix_points_entries_partner", table_name="points_entries", if_exists=True)
    op.drop_index("ix_points_entries_ref_no", table_name="points_entries")
    op.create_index(
        "ix_points_entries_partner",
        "points_entries",
        ["owner_id", "kind", "created_at"],
        unique=False,
        postgresql_where=sa.text("kind <> 'REDEEM' AND programme_id IS NULL"),
        postgresql_include=["points", "credit"],
    )
    op.create_index(
        "ix_points_entries_ref_no",
        "points_entries",
        ["owner_id", "ref_no", "created_at"],
        unique=False,
        postgresql_where=sa.text("ref_no IS NOT NULL"),
    )
    op.create_index(
        "ix_points_entries_programme",
        "points_entries",
        ["programme_id", "created_at"],
        unique=False,
        postgresql_where=sa.text("programme_id IS NOT NULL"),
    )
    op.create_index(
        "ix_points_entries_programme_kind",
        "points_entries",
        ["programme_id", "kind", "created_at"],
        unique=False,
        postgresql_where=sa.text("programme_id IS NOT NULL"),
        postgresql_include=["points", "credit"],
    )


def _index_calls() -> None:
    for name in ("ix_partner_calls_tenant", "ix_partner_calls_caller"):
        op.drop_index(name, table_name="partner_calls")
    for whose in ("tenant", "caller"):
        column = "tenant_id" if whose == "tenant" else whose
        op.create_index(
            f"ix_partner_calls_{whose}",
            "partner_calls",
            [column, "at"],
            unique=False,
            postgresql_include=["status"],
        )
    op.create_index(
        "ix_partner_calls_refused",
        "partner_calls",
        ["at"],
        unique=False,
        postgresql_where=sa.text("status >= 400"),
        postgresql_include=["status", "code", "tenant_id", "caller", "id"],
    )
    op.create_index(
        "ix_partner_calls_tenant_refused",
        "partner_calls",
        ["tenant_id", "at"],
        unique=False,
        postgresql_where=sa.text("status >= 400"),
        postgresql_include=["status", "code", "caller", "id"],
    )
    op.create_index(
        "ix_partner_calls_key",
        "partner_calls",
        ["idempotency_key"],
        unique=False,
        postgresql_where=sa.text("idempotency_key IS NOT NULL"),
    )
    # The newest calls are looked at most: what is written is told as visible to all soon.
    op.execute("ALTER TABLE partner_calls SET (autovacuum_vacuum_insert_scale_factor = 0.02)")


def downgrade() -> None:
    """Entries are written with what they were not before: restore a backup instead."""
    raise RuntimeError("restore a backup instead")
