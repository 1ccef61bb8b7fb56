"""What the admin site keeps: clerks, links, recovery codes, write-offs, daily trends, settings.

Revision: 0002, after 0001
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from flask import current_app

HERE = Path(__file__).resolve().parent.parent / "functions"
FUNCTIONS = (
    *("0002_redeem_one", "0002_redeem_many", "0002_use_one", "0002_engage"),
    "0002_desk",
)

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


ROLE_TENANT = (
    "(role = 'PLATFORM_ADMIN' AND tenant_id IS NULL)"
    " OR (role {tenant_roles} AND tenant_id IS NOT NULL)"
)

# What happened before the roll-up existed, on its local days. An engagement remembers how often
# and when first, but not when each time was: all its times go to the day of the first.
BACKFILL = """
INSERT INTO voucher_days (voucher_id, day, redeemed, used, reach_persons, reach_times,
                          click_persons, click_times)
SELECT voucher_id, (at AT TIME ZONE :zone)::date, sum(redeemed), sum(used), sum(reach_persons),
       sum(reach_times), sum(click_persons), sum(click_times)
FROM (
    SELECT voucher_id, redeemed_at AS at, 1 AS redeemed, 0 AS used, 0 AS reach_persons,
           0 AS reach_times, 0 AS click_persons, 0 AS click_times
    FROM redemptions
    UNION ALL
    SELECT voucher_id, used_at, 0, 1, 0, 0, 0, 0 FROM redemptions WHERE used_at IS NOT NULL
    UNION ALL
    SELECT voucher_id, first_at, 0, 0, 1, times, 0, 0 FROM engagements WHERE kind = 'R'
    UNION ALL
    SELECT voucher_id, first_at, 0, 0, 0, 0, 1, times FROM engagements WHERE kind = 'C'
) events
GROUP BY 1, 2
"""


def upgrade() -> None:
    op.create_table(
        "site_settings",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("updated_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_site_settings")),
    )
    op.create_table(
        "admin_links",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("admin_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('INVITE', 'RESET')", name=op.f("ck_admin_links_kind")),
        sa.ForeignKeyConstraint(
            ["admin_id"], ["admins.id"], name=op.f("fk_admin_links_admin_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_admin_links")),
    )
    op.create_index(op.f("ix_admin_links_admin_id"), "admin_links", ["admin_id"], unique=False)
    op.create_table(
        "recovery_codes",
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("admin_id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["admin_id"], ["admins.id"], name=op.f("fk_recovery_codes_admin_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_recovery_codes")),
    )
    op.create_index(
        op.f("ix_recovery_codes_admin_id"), "recovery_codes", ["admin_id"], unique=False
    )
    op.create_table(
        "voucher_days",
        sa.Column("voucher_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("redeemed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("used", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reach_persons", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reach_times", sa.Integer(), server_default="0", nullable=False),
        sa.Column("click_persons", sa.Integer(), server_default="0", nullable=False),
        sa.Column("click_times", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "redeemed >= 0 AND used >= 0 AND reach_persons >= 0 AND reach_times >= 0 AND click_persons >= 0 AND click_times >= 0",
            name=op.f("ck_voucher_days_counts"),
        ),
        sa.ForeignKeyConstraint(
            ["voucher_id"], ["vouchers.id"], name=op.f("fk_voucher_days_voucher_id")
        ),
        sa.PrimaryKeyConstraint("voucher_id", "day", name=op.f("pk_voucher_days")),
        postgresql_with={"fillfactor": 50},
    )
    op.create_table(
        "write_offs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("redemption_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("admin_id", sa.Uuid(), nullable=False),
        sa.Column("desk", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.Column("undo_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(undone_at IS NULL) = (undone_by IS NULL) AND (undone_at IS NULL) = (undo_reason IS NULL)",
            name=op.f("ck_write_offs_undone"),
        ),
        sa.ForeignKeyConstraint(["admin_id"], ["admins.id"], name=op.f("fk_write_offs_admin_id")),
        sa.ForeignKeyConstraint(
            ["redemption_id"], ["redemptions.id"], name=op.f("fk_write_offs_redemption_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_write_offs_tenant_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_write_offs")),
    )
    op.create_index("ix_write_offs_admin", "write_offs", ["admin_id", "day", "at"], unique=False)
    op.create_index("ix_write_offs_tenant", "write_offs", ["tenant_id", "day", "at"], unique=False)
    op.create_index(
        "uq_write_offs_redemption_id",
        "write_offs",
        ["redemption_id"],
        unique=True,
        postgresql_where=sa.text("undone_at IS NULL"),
    )
    op.add_column("admins", sa.Column("name", sa.Text(), nullable=True))
    op.add_column("admins", sa.Column("language", sa.Text(), nullable=True))
    op.add_column("admins", sa.Column("appearance", sa.Text(), nullable=True))
    op.add_column("admins", sa.Column("desk", sa.Text(), nullable=True))
    op.add_column("admins", sa.Column("otp_pending", sa.Text(), nullable=True))
    op.create_index(op.f("ix_admins_tenant_id"), "admins", ["tenant_id"], unique=False)
    op.add_column("auth_sessions", sa.Column("address", sa.Text(), nullable=True))
    op.add_column(
        "auth_sessions", sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column("jobs", sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_auth_sessions_admin_id"), "auth_sessions", ["admin_id"], unique=False)
    op.create_index("ix_jobs_actor", "jobs", ["actor", "created_at"], unique=False)
    op.create_index(op.f("ix_jobs_created_at"), "jobs", ["created_at"], unique=False)
    op.create_index(
        "ix_jobs_unseen",
        "jobs",
        ["actor"],
        unique=False,
        postgresql_where=sa.text("finished_at IS NOT NULL AND seen_at IS NULL"),
    )
    op.create_index("ix_audit_entries_actor", "audit_entries", ["actor", "id"], unique=False)
    op.create_index("ix_audit_entries_action", "audit_entries", ["action", "id"], unique=False)
    op.create_index(op.f("ix_audit_entries_at"), "audit_entries", ["at"], unique=False)
    op.create_index(op.f("ix_members_created_at"), "members", ["created_at"], unique=False)
    op.create_index(
        "ix_members_phone_prefix",
        "members",
        ["phone_number"],
        unique=False,
        postgresql_ops={"phone_number": "text_pattern_ops"},
    )
    op.add_column(
        "tenants",
        sa.Column("hide_small_groups", sa.Boolean(), server_default="false", nullable=False),
    )
    op.add_column(
        "coupon_import_failures",
        sa.Column("reasons_en", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
    )
    op.drop_constraint("role_tenant", "admins", type_="check")
    op.create_check_constraint(
        "role_tenant", "admins", ROLE_TENANT.format(tenant_roles="IN ('TENANT_ADMIN', 'CLERK')")
    )
    op.create_check_constraint("language", "admins", "language IN ('zh-TW', 'en')")
    op.create_check_constraint("appearance", "admins", "appearance IN ('light', 'dark')")
    for name in FUNCTIONS:
        statements = (HERE / f"{name}.sql").read_text(encoding="utf-8")
        # Straight to the driver: without parameters it accepts several statements at once.
        op.get_bind().connection.cursor().execute(statements)
    # No event may come between what is counted here and the first call of the new functions.
    op.execute("LOCK TABLE redemptions, engagements IN SHARE ROW EXCLUSIVE MODE")
    zone = str(current_app.extensions["settings"].timezone)
    op.execute(sa.text(BACKFILL).bindparams(zone=zone))


def downgrade() -> None:
    """The books know write-offs from here on: restore a backup instead."""
    raise RuntimeError("restore a backup instead")
