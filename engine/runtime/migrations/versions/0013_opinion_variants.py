"""The second engine's state is kept for every set of parents and parameters a text decides by."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# What was found by a text alone says nothing about its other parents and parameters: all is
# tried anew.
VARIANTS = """
DELETE FROM second_opinion;
ALTER TABLE second_opinion
  DROP CONSTRAINT second_opinion_pkey,
  ADD COLUMN variant text NOT NULL,
  ADD COLUMN condemned integer NOT NULL DEFAULT 0 CHECK (condemned >= 0),
  ADD PRIMARY KEY (ruleset_hash, variant);
COMMENT ON COLUMN second_opinion.variant IS
  'SHA-256 over the ruleset with its parents, and the parameters it decides by';
COMMENT ON COLUMN second_opinion.condemned IS
  'how often it was found to end the process: numbers the alerts MONITOR_CRASHED';
"""


def upgrade() -> None:
    """Key the state by variant."""
    op.execute(VARIANTS)


def downgrade() -> None:
    """Going back is restoring a backup: money tables are never dropped by a tool."""
