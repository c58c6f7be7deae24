"""A role may be held for some kinds of rulesets alone; files of the folder tell their kind."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

# One row stays one person, one role, one organisation: what the limit is changes with it.
KINDS = """
ALTER TABLE role_grant
  ADD COLUMN kinds text[] CHECK (cardinality(kinds) > 0 AND array_position(kinds, NULL) IS NULL);
COMMENT ON COLUMN role_grant.kinds IS
  'ruleset kinds that the rulesets.* permissions of this grant are limited to; null: all kinds';
ALTER TABLE ruleset_file ADD COLUMN kind text NOT NULL DEFAULT '';
UPDATE ruleset_file f SET kind = v.kind FROM ruleset_version v WHERE v.hash = f.ruleset_hash;
COMMENT ON COLUMN ruleset_file.kind IS 'the kind its text names; empty while it cannot be read';
"""


def upgrade() -> None:
    """Add the columns."""
    op.execute(KINDS)


def downgrade() -> None:
    """Going back is restoring a backup: money tables are never dropped by a tool."""
