"""One editor at a time by choice: who has claimed a draft, until when."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

# Nothing hangs on a claim but who may save: it runs out by itself, by the database's time.
CLAIMS = """
CREATE TABLE draft_claim (
  draft_id    bigint PRIMARY KEY REFERENCES ruleset_draft (id),
  org_id      text NOT NULL,
  user_id     text NOT NULL,
  token       text NOT NULL,
  claimed_at  timestamptz NOT NULL,
  expires_at  timestamptz NOT NULL CHECK (expires_at >= claimed_at)
);
COMMENT ON COLUMN draft_claim.token IS
  'which page of the person holds it: closing another one does not end it';
COMMENT ON TABLE draft_claim IS
  'who writes at a draft now; others save again when it has run out, was given back or taken over';
"""


def upgrade() -> None:
    """Add the claims."""
    op.execute(CLAIMS)


def downgrade() -> None:
    """Going back is restoring a backup: money tables are never dropped by a tool."""
