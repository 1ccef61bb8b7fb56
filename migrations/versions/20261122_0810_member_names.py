"""Members are found by a part of their name through an index; audiences are swept more often.

Building the index takes some ten seconds for a million members, during which none can be added or
changed.

Revision: 0007, after 0006
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

FUNCTIONS = Path(__file__).resolve().parent.parent / "functions" / "0007_text_grams.sql"

revision = "0007"
down_revision = "0006"
SWEPT = {
    # A queue that is emptied every few seconds, and rows of 1 KB that are changed in place.
    "fresh_engagements": "autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000",
    "audience_blocks": "fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05",
}
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Straight to the driver: without parameters it accepts several statements at once.
    op.get_bind().connection.cursor().execute(FUNCTIONS.read_text(encoding="utf-8"))
    op.create_index(
        op.f("ix_members_name_grams"),
        "members",
        [sa.text("text_grams(name)")],
        unique=False,
        postgresql_using="gin",
    )
    # An index over an expression is of no use to the planner before it knows its values.
    op.execute("ANALYZE members")
    for table, settings in SWEPT.items():
        op.execute(f"ALTER TABLE {table} SET ({settings})")


def downgrade() -> None:
    for table, settings in SWEPT.items():
        names = ", ".join(one.partition(" = ")[0] for one in settings.split(", "))
        op.execute(f"ALTER TABLE {table} RESET ({names})")
    op.drop_index(op.f("ix_members_name_grams"), table_name="members", postgresql_using="gin")
    op.execute("DROP FUNCTION search_grams(text)")
    op.execute("DROP FUNCTION text_grams(text)")
