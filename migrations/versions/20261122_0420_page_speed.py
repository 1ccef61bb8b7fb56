"""What keeps the admin pages quick over long histories: closed days of tenants, audiences as bits.

Revision: 0003, after 0002
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

HERE = Path(__file__).resolve().parent.parent / "functions"
FUNCTIONS = ("0003_engage", "0003_desk_undo", "0003_roll_up")
COUNTS = ("redeemed", "used", "reach_persons", "reach_times", "click_persons", "click_times")
AUDIT_INDEXES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("ix_audit_entries_tenant_id_id", "ix_audit_entries_tenant", ("tenant_id",)),
    ("ix_audit_entries_actor", "ix_audit_entries_actor", ("actor",)),
    ("ix_audit_entries_action", "ix_audit_entries_action", ("action",)),
    ("ix_audit_entries_at", "ix_audit_entries_at", ()),
)

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tenant_days",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("voucher_type", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS),
        sa.CheckConstraint(
            " AND ".join(f"{name} >= 0" for name in COUNTS), name=op.f("ck_tenant_days_counts")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_tenant_days_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "day", "voucher_type", name=op.f("pk_tenant_days")),
    )
    op.create_index(op.f("ix_tenant_days_day"), "tenant_days", ["day"], unique=False)
    op.create_table(
        "fresh_engagements",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("voucher_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "member_id", "voucher_id", "kind", name=op.f("pk_fresh_engagements")
        ),
    )
    op.create_table(
        "audience_members",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.CheckConstraint("number >= 0", name=op.f("ck_audience_members_number")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_audience_members_member_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_audience_members_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "member_id", name=op.f("pk_audience_members")),
        sa.UniqueConstraint(
            "tenant_id", "number", name=op.f("uq_audience_members_tenant_id_number")
        ),
    )
    op.create_table(
        "audience_blocks",
        sa.Column("voucher_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("block", sa.Integer(), nullable=False),
        sa.Column("bits", postgresql.BIT(8192), nullable=False),
        sa.CheckConstraint("kind IN ('R', 'C')", name=op.f("ck_audience_blocks_kind")),
        sa.ForeignKeyConstraint(
            ["voucher_id"], ["vouchers.id"], name=op.f("fk_audience_blocks_voucher_id")
        ),
        sa.PrimaryKeyConstraint("voucher_id", "kind", "block", name=op.f("pk_audience_blocks")),
    )
    op.drop_constraint("uq_redemptions_voucher_id_seq", "redemptions", type_="unique")
    op.execute(
        "ALTER TABLE redemptions ADD CONSTRAINT uq_redemptions_voucher_id_seq"
        " UNIQUE (voucher_id, seq) INCLUDE (redeemed_at)"
    )
    for old, new, columns in AUDIT_INDEXES:
        op.drop_index(old, table_name="audit_entries")
        op.create_index(new, "audit_entries", [*columns, "at", "id"], unique=False)
    for name in FUNCTIONS:
        statements = (HERE / f"{name}.sql").read_text(encoding="utf-8")
        # Straight to the driver: without parameters it accepts several statements at once.
        op.get_bind().connection.cursor().execute(statements)
    # No event may come between what is read here and the first call of the new functions.
    op.execute("LOCK TABLE engagements IN SHARE ROW EXCLUSIVE MODE")
    op.execute(
        "INSERT INTO fresh_engagements (member_id, voucher_id, kind)"
        " SELECT member_id, voucher_id, kind FROM engagements"
    )


def downgrade() -> None:
    """Events are counted in new places from here on: restore a backup instead."""
    raise RuntimeError("restore a backup instead")
