"""What keeps the admin pages quick over long histories.

Revision: 0003, after 0002
"""

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled by the indexes and roll-ups of the pages."""


def downgrade() -> None:
    """Nothing to take back."""
