"""The first schema: tenants, books, vouchers, redemptions, engagement, jobs.

Revision: 0001, after
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

HERE = Path(__file__).resolve().parent.parent / "functions"
FUNCTIONS = ("0001_rules", "0001_redeem_one", "0001_redeem_many", "0001_use_one", "0001_engage")

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object_kind", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column(
            "data", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False
        ),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
    )
    op.create_index(
        "ix_audit_entries_object", "audit_entries", ["object_kind", "object_id"], unique=False
    )
    op.create_index(
        op.f("ix_audit_entries_tenant_id_id"), "audit_entries", ["tenant_id", "id"], unique=False
    )
    op.create_table(
        "tenants",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("industry_types", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("type IN ('DEALER', 'HOSPITAL', 'WMT')", name=op.f("ck_tenants_type")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants")),
        sa.UniqueConstraint("code", name=op.f("uq_tenants_code")),
    )
    op.create_table(
        "vendor_serials",
        sa.Column("letter", sa.Text(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.CheckConstraint("last BETWEEN 1 AND 99999", name=op.f("ck_vendor_serials_last")),
        sa.PrimaryKeyConstraint("letter", name=op.f("pk_vendor_serials")),
    )
    op.create_table(
        "admins",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=True),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("otp_secret", sa.Text(), nullable=True),
        sa.Column("otp_last_step", sa.Integer(), nullable=True),
        sa.Column("demo", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(role = 'PLATFORM_ADMIN' AND tenant_id IS NULL) OR (role = 'TENANT_ADMIN' AND tenant_id IS NOT NULL)",
            name=op.f("ck_admins_role_tenant"),
        ),
        sa.CheckConstraint("account = lower(account)", name=op.f("ck_admins_account_lower")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_admins_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admins")),
        sa.UniqueConstraint("account", name=op.f("uq_admins_account")),
    )
    op.create_table(
        "coupon_sets",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("total >= 0", name=op.f("ck_coupon_sets_total")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_coupon_sets_tenant_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupon_sets")),
    )
    op.create_index(op.f("ix_coupon_sets_tenant_id"), "coupon_sets", ["tenant_id"], unique=False)
    op.create_table(
        "jobs",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="QUEUED", nullable=False),
        sa.Column("progress", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "params", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False
        ),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("error", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('QUEUED', 'RUNNING', 'DONE', 'FAILED', 'CANCELLED')",
            name=op.f("ck_jobs_state"),
        ),
        sa.CheckConstraint("progress BETWEEN 0 AND 100", name=op.f("ck_jobs_progress")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_jobs_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    op.create_index("ix_jobs_state", "jobs", ["state", "created_at"], unique=False)
    op.create_index("ix_jobs_tenant", "jobs", ["tenant_id", "created_at"], unique=False)
    op.create_table(
        "members",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column(
            "household_member_id",
            sa.Text(),
            server_default=sa.text("gen_random_uuid()::text"),
            nullable=False,
        ),
        sa.Column("tenant_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("gender", sa.Text(), server_default="U", nullable=False),
        sa.Column("birthdate", sa.Date(), nullable=True),
        sa.Column("phone_number", sa.Text(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("gender IN ('M', 'F', 'U')", name=op.f("ck_members_gender")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_members_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_members")),
        sa.UniqueConstraint("household_member_id", name=op.f("uq_members_household_member_id")),
    )
    op.create_index(op.f("ix_members_phone_number"), "members", ["phone_number"], unique=False)
    op.create_index(op.f("ix_members_tenant_id"), "members", ["tenant_id"], unique=False)
    op.create_table(
        "programmes",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_programmes_tenant_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programmes")),
    )
    op.create_table(
        "tenant_cells",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("gender", sa.Text(), nullable=False),
        sa.Column("age_level", sa.Text(), nullable=False),
        sa.Column("persons", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("persons >= 0", name=op.f("ck_tenant_cells_persons")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_tenant_cells_tenant_id")
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "scope", "kind", "gender", "age_level", name=op.f("pk_tenant_cells")
        ),
        postgresql_with={"fillfactor": 50},
    )
    op.create_table(
        "uploads",
        sa.Column("object_key", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("upload_id", sa.Text(), nullable=False),
        sa.Column("storage_upload_id", sa.Text(), nullable=True),
        sa.Column("is_thumbnail", sa.Boolean(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("file_type", sa.Text(), nullable=False),
        sa.Column("parts", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_uploads_tenant_id")),
        sa.PrimaryKeyConstraint("object_key", name=op.f("pk_uploads")),
        sa.UniqueConstraint("upload_id", name=op.f("uq_uploads_upload_id")),
    )
    op.create_index(op.f("ix_uploads_created_at"), "uploads", ["created_at"], unique=False)
    op.create_table(
        "vendors",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("vendor_no", sa.Text(), nullable=False),
        sa.Column("deposit", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("withdraw", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("purchase_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("entry_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "purchase_count >= 0 AND entry_count >= 0", name=op.f("ck_vendors_counts")
        ),
        sa.CheckConstraint("withdraw >= 0 AND deposit >= withdraw", name=op.f("ck_vendors_quota")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_vendors_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vendors")),
        sa.UniqueConstraint("tenant_id", name=op.f("uq_vendors_tenant_id")),
        sa.UniqueConstraint("vendor_no", name=op.f("uq_vendors_vendor_no")),
    )
    op.create_table(
        "auth_sessions",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("admin_id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("user_agent", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["admin_id"], ["admins.id"], name=op.f("fk_auth_sessions_admin_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_sessions")),
    )
    op.create_table(
        "cards",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("programme_id", sa.Uuid(), nullable=False),
        sa.Column("balance", sa.Integer(), server_default="0", nullable=False),
        sa.Column("entry_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("balance >= 0", name=op.f("ck_cards_balance")),
        sa.CheckConstraint("entry_count >= 0", name=op.f("ck_cards_entry_count")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_cards_member_id")),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["programmes.id"], name=op.f("fk_cards_programme_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cards")),
        sa.UniqueConstraint(
            "member_id", "programme_id", name=op.f("uq_cards_member_id_programme_id")
        ),
        postgresql_with={"fillfactor": 70},
    )
    op.create_table(
        "coupon_imports",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("coupon_set_id", sa.Uuid(), nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("success", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["coupon_set_id"],
            ["coupon_sets.id"],
            name=op.f("fk_coupon_imports_coupon_set_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_coupon_imports_tenant_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupon_imports")),
        sa.UniqueConstraint("coupon_set_id", name=op.f("uq_coupon_imports_coupon_set_id")),
    )
    op.create_index(
        op.f("ix_coupon_imports_expires_at"), "coupon_imports", ["expires_at"], unique=False
    )
    op.create_table(
        "coupons",
        sa.Column("set_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.CheckConstraint("ordinal >= 1", name=op.f("ck_coupons_ordinal")),
        sa.ForeignKeyConstraint(
            ["set_id"], ["coupon_sets.id"], name=op.f("fk_coupons_set_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("set_id", "ordinal", name=op.f("pk_coupons")),
    )
    op.create_table(
        "engagement_scopes",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("gender", sa.Text(), nullable=False),
        sa.Column("age_level", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_engagement_scopes_member_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_engagement_scopes_tenant_id")
        ),
        sa.PrimaryKeyConstraint(
            "member_id", "tenant_id", "scope", "kind", name=op.f("pk_engagement_scopes")
        ),
    )
    op.create_table(
        "quota_purchases",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("vendor_id", sa.Uuid(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("tx_date", sa.DateTime(timezone=True), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=9, scale=2), nullable=False),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "points >= 0 AND amount >= 0", name=op.f("ck_quota_purchases_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["vendor_id"], ["vendors.id"], name=op.f("fk_quota_purchases_vendor_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quota_purchases")),
        sa.UniqueConstraint(
            "vendor_id", "serial", name=op.f("uq_quota_purchases_vendor_id_serial")
        ),
    )
    op.create_table(
        "voucher_serials",
        sa.Column("vendor_id", sa.Uuid(), nullable=False),
        sa.Column("voucher_type", sa.Text(), nullable=False),
        sa.Column("issue_date", sa.Date(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.CheckConstraint("last BETWEEN 1 AND 999", name=op.f("ck_voucher_serials_last")),
        sa.ForeignKeyConstraint(
            ["vendor_id"],
            ["vendors.id"],
            name=op.f("fk_voucher_serials_vendor_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "vendor_id", "voucher_type", "issue_date", name=op.f("pk_voucher_serials")
        ),
    )
    op.create_table(
        "vouchers",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("vendor_id", sa.Uuid(), nullable=False),
        sa.Column("voucher_no", sa.Text(), nullable=False),
        sa.Column("voucher_type", sa.Text(), nullable=False),
        sa.Column("target_type", sa.Text(), nullable=False),
        sa.Column("use_type", sa.Text(), nullable=False),
        sa.Column("product_id", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default="NONE", nullable=False),
        sa.Column("price", sa.Numeric(precision=9, scale=2), nullable=False),
        sa.Column("redeem_points", sa.Integer(), nullable=False),
        sa.Column("volume", sa.Integer(), nullable=False),
        sa.Column("redeemed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("redeem_limit", sa.Integer(), nullable=False),
        sa.Column("redeem_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("redeem_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("use_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("use_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("on_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("on_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issue_date", sa.Date(), nullable=False),
        sa.Column("coupon_set_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("thumbnail_key", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("notice", sa.Text(), nullable=True),
        sa.Column("first_on_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(status = 'NONE') = (first_on_at IS NULL)", name=op.f("ck_vouchers_first_on")
        ),
        sa.CheckConstraint(
            "deleted_at IS NULL OR status = 'NONE'", name=op.f("ck_vouchers_deleted")
        ),
        sa.CheckConstraint("status IN ('NONE', 'ON', 'OFF')", name=op.f("ck_vouchers_status")),
        sa.CheckConstraint(
            "target_type IN ('ALL', 'MEMBER')", name=op.f("ck_vouchers_target_type")
        ),
        sa.CheckConstraint("use_type IN ('SELF', 'MERCHANT')", name=op.f("ck_vouchers_use_type")),
        sa.CheckConstraint(
            "voucher_type IN ('01', '02', '03', '04', '05', '06')",
            name=op.f("ck_vouchers_voucher_type"),
        ),
        sa.CheckConstraint("price > 0 AND redeem_points > 0", name=op.f("ck_vouchers_price")),
        sa.CheckConstraint("redeem_limit >= 0", name=op.f("ck_vouchers_redeem_limit")),
        sa.CheckConstraint(
            "redeem_start <= redeem_end AND use_start <= use_end AND on_start <= on_end AND redeem_start <= use_start AND redeem_end <= use_end AND on_start <= redeem_end",
            name=op.f("ck_vouchers_dates"),
        ),
        sa.CheckConstraint("redeemed BETWEEN 0 AND volume", name=op.f("ck_vouchers_stock")),
        sa.CheckConstraint("volume BETWEEN 1 AND 99999", name=op.f("ck_vouchers_volume")),
        sa.ForeignKeyConstraint(
            ["coupon_set_id"], ["coupon_sets.id"], name=op.f("fk_vouchers_coupon_set_id")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_vouchers_tenant_id")),
        sa.ForeignKeyConstraint(
            ["thumbnail_key"], ["uploads.object_key"], name=op.f("fk_vouchers_thumbnail_key")
        ),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendors.id"], name=op.f("fk_vouchers_vendor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vouchers")),
        sa.UniqueConstraint("coupon_set_id", name=op.f("uq_vouchers_coupon_set_id")),
        sa.UniqueConstraint("voucher_no", name=op.f("uq_vouchers_voucher_no")),
        postgresql_with={"fillfactor": 50, "toast_tuple_target": 512},
    )
    op.create_index(
        "ix_vouchers_on_end",
        "vouchers",
        ["on_end"],
        unique=False,
        postgresql_where=sa.text("status = 'ON'"),
    )
    op.create_index("ix_vouchers_tenant", "vouchers", ["tenant_id", "updated_at"], unique=False)
    op.create_index(
        "ix_vouchers_use_end",
        "vouchers",
        ["use_end"],
        unique=False,
        postgresql_where=sa.text("status = 'ON'"),
    )
    op.create_table(
        "coupon_import_failures",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("columns", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("reasons", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["coupon_imports.id"],
            name=op.f("fk_coupon_import_failures_import_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("import_id", "row_number", name=op.f("pk_coupon_import_failures")),
    )
    op.create_table(
        "engagements",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("voucher_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("gender", sa.Text(), nullable=False),
        sa.Column("age_level", sa.Text(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('R', 'C')", name=op.f("ck_engagements_kind")),
        sa.CheckConstraint("times >= 1", name=op.f("ck_engagements_times")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_engagements_member_id")
        ),
        sa.ForeignKeyConstraint(
            ["voucher_id"], ["vouchers.id"], name=op.f("fk_engagements_voucher_id")
        ),
        sa.PrimaryKeyConstraint("member_id", "voucher_id", "kind", name=op.f("pk_engagements")),
        postgresql_with={"fillfactor": 80},
    )
    op.create_index(
        "ix_engagements_voucher",
        "engagements",
        ["voucher_id", "kind"],
        unique=False,
        postgresql_include=["member_id"],
    )
    op.create_table(
        "quota_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("vendor_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("debit", sa.Text(), nullable=False),
        sa.Column("credit", sa.Text(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("deposit_after", sa.BigInteger(), nullable=False),
        sa.Column("withdraw_after", sa.BigInteger(), nullable=False),
        sa.Column("purchase_id", sa.Uuid(), nullable=True),
        sa.Column("voucher_id", sa.Uuid(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(kind IN ('PURCHASE', 'CORRECTION')) = (purchase_id IS NOT NULL) AND (purchase_id IS NULL) = (voucher_id IS NOT NULL)",
            name=op.f("ck_quota_entries_subject"),
        ),
        sa.CheckConstraint(
            "CASE kind WHEN 'PURCHASE' THEN debit = 'PLATFORM' AND credit = 'AVAILABLE' WHEN 'CORRECTION' THEN (debit, credit) IN (('PLATFORM', 'AVAILABLE'), ('AVAILABLE', 'PLATFORM')) WHEN 'ISSUE' THEN debit = 'AVAILABLE' AND credit = 'SPENT' WHEN 'EDIT' THEN (debit, credit) IN (('AVAILABLE', 'SPENT'), ('SPENT', 'AVAILABLE')) ELSE debit = 'SPENT' AND credit = 'AVAILABLE' END",
            name=op.f("ck_quota_entries_kind_accounts"),
        ),
        sa.CheckConstraint(
            "kind IN ('PURCHASE', 'CORRECTION', 'ISSUE', 'EDIT', 'REFUND')",
            name=op.f("ck_quota_entries_kind"),
        ),
        sa.CheckConstraint("points >= 0", name=op.f("ck_quota_entries_points")),
        sa.CheckConstraint(
            "withdraw_after >= 0 AND deposit_after >= withdraw_after",
            name=op.f("ck_quota_entries_after"),
        ),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["quota_purchases.id"], name=op.f("fk_quota_entries_purchase_id")
        ),
        sa.ForeignKeyConstraint(
            ["vendor_id"], ["vendors.id"], name=op.f("fk_quota_entries_vendor_id")
        ),
        sa.ForeignKeyConstraint(
            ["voucher_id"], ["vouchers.id"], name=op.f("fk_quota_entries_voucher_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quota_entries")),
        sa.UniqueConstraint("vendor_id", "seq", name=op.f("uq_quota_entries_vendor_id_seq")),
    )
    op.create_table(
        "quota_purchase_revisions",
        sa.Column("purchase_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("tx_date", sa.DateTime(timezone=True), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=9, scale=2), nullable=False),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["purchase_id"],
            ["quota_purchases.id"],
            name=op.f("fk_quota_purchase_revisions_purchase_id"),
        ),
        sa.PrimaryKeyConstraint(
            "purchase_id", "revision", name=op.f("pk_quota_purchase_revisions")
        ),
    )
    op.create_table(
        "redemptions",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("voucher_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("gender", sa.Text(), nullable=False),
        sa.Column("age_level", sa.Text(), nullable=False),
        sa.Column("redeemed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_gender", sa.Text(), nullable=True),
        sa.Column("used_age_level", sa.Text(), nullable=True),
        sa.Column("used_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(used_at IS NULL) = (used_gender IS NULL) AND (used_at IS NULL) = (used_age_level IS NULL)",
            name=op.f("ck_redemptions_used"),
        ),
        sa.CheckConstraint("points > 0", name=op.f("ck_redemptions_points")),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_redemptions_seq")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_redemptions_member_id")
        ),
        sa.ForeignKeyConstraint(
            ["voucher_id"], ["vouchers.id"], name=op.f("fk_redemptions_voucher_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_redemptions")),
        sa.UniqueConstraint("voucher_id", "seq", name=op.f("uq_redemptions_voucher_id_seq")),
        postgresql_with={"fillfactor": 90},
    )
    op.create_index("ix_redemptions_member", "redemptions", ["member_id"], unique=False)
    op.create_index(
        "ix_redemptions_voucher_member", "redemptions", ["voucher_id", "member_id"], unique=False
    )
    op.create_table(
        "refresh_tokens",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["auth_sessions.id"],
            name=op.f("fk_refresh_tokens_session_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_refresh_tokens")),
    )
    op.create_index(
        op.f("ix_refresh_tokens_session_id"), "refresh_tokens", ["session_id"], unique=False
    )
    op.create_table(
        "voucher_cells",
        sa.Column("voucher_id", sa.Uuid(), nullable=False),
        sa.Column("gender", sa.Text(), nullable=False),
        sa.Column("age_level", sa.Text(), nullable=False),
        sa.Column("redeemed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("used", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reach_persons", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reach_times", sa.Integer(), server_default="0", nullable=False),
        sa.Column("click_persons", sa.Integer(), server_default="0", nullable=False),
        sa.Column("click_times", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "redeemed >= 0 AND used >= 0 AND reach_persons >= 0 AND reach_times >= 0 AND click_persons >= 0 AND click_times >= 0",
            name=op.f("ck_voucher_cells_counts"),
        ),
        sa.ForeignKeyConstraint(
            ["voucher_id"], ["vouchers.id"], name=op.f("fk_voucher_cells_voucher_id")
        ),
        sa.PrimaryKeyConstraint("voucher_id", "gender", "age_level", name=op.f("pk_voucher_cells")),
        postgresql_with={"fillfactor": 50},
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("redemption_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["redemption_id"], ["redemptions.id"], name=op.f("fk_idempotency_keys_redemption_id")
        ),
        sa.PrimaryKeyConstraint("caller", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index(
        op.f("ix_idempotency_keys_created_at"), "idempotency_keys", ["created_at"], unique=False
    )
    op.create_table(
        "points_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("card_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("debit", sa.Text(), nullable=False),
        sa.Column("credit", sa.Text(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("balance_after", sa.Integer(), nullable=False),
        sa.Column("redemption_id", sa.Uuid(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'GRANT' AND debit = 'PROGRAMME' AND credit = 'CARD' AND redemption_id IS NULL) OR (kind = 'REDEEM' AND debit = 'CARD' AND credit = 'VOUCHER' AND redemption_id IS NOT NULL)",
            name=op.f("ck_points_entries_kind_accounts"),
        ),
        sa.CheckConstraint("balance_after >= 0", name=op.f("ck_points_entries_balance_after")),
        sa.CheckConstraint("points > 0", name=op.f("ck_points_entries_points")),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name=op.f("fk_points_entries_card_id")),
        sa.ForeignKeyConstraint(
            ["redemption_id"], ["redemptions.id"], name=op.f("fk_points_entries_redemption_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_entries")),
        sa.UniqueConstraint("card_id", "seq", name=op.f("uq_points_entries_card_id_seq")),
        sa.UniqueConstraint("redemption_id", name=op.f("uq_points_entries_redemption_id")),
    )
    op.execute("ALTER TABLE vouchers ALTER COLUMN title SET STORAGE MAIN")
    for name in FUNCTIONS:
        statements = (HERE / f"{name}.sql").read_text(encoding="utf-8")
        # Straight to the driver: without parameters it accepts several statements at once.
        op.get_bind().connection.cursor().execute(statements)


def downgrade() -> None:
    """There is nothing before the first schema: restore a backup instead."""
    raise RuntimeError("restore a backup instead")
