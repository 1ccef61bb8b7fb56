"""Partners' hot writes: the key, the change and the kept answer in one statement.

Revision: 0006, after 0005
"""

from pathlib import Path

from alembic import op

HERE = Path(__file__).resolve().parent.parent / "functions"
FUNCTIONS = ("0006_partner_keys", "0006_partner_points", "0006_partner_coupons")

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in FUNCTIONS:
        statements = (HERE / f"{name}.sql").read_text(encoding="utf-8")
        # Straight to the driver: without parameters it accepts several statements at once.
        op.get_bind().connection.cursor().execute(statements)


def downgrade() -> None:
    """As of every release before: what was written since then knows no way back."""
    raise RuntimeError("restore a backup instead")
