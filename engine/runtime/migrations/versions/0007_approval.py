"""Tables of approval."""

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""


def downgrade() -> None:
    """Going back is restoring a backup: money tables are never dropped by a tool."""
