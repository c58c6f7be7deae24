"""What was written or read by a layout names it for good."""

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

# A file names its layout before it leaves, and never another one.
USED = """
ALTER TABLE payment_file_return ADD COLUMN layout_hash text REFERENCES bank_layout_version;
ALTER TABLE payment_batch ADD COLUMN layout_hash text REFERENCES bank_layout_version;
DROP TRIGGER append_only ON payment_batch;
DROP TRIGGER append_only_truncate ON payment_batch;
SELECT make_append_only('payment_batch', 'sent_at', 'request_sha256', 'accepted_at', 'layout_hash');
CREATE FUNCTION payment_batch_keeps_layout() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.sent_at IS NOT NULL AND NEW.layout_hash IS DISTINCT FROM OLD.layout_hash THEN
    RAISE EXCEPTION 'batch % has left as it was written', OLD.message_id
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'payment_batch_keeps_layout';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER payment_batch_keeps_layout BEFORE UPDATE OF layout_hash ON payment_batch
  FOR EACH ROW EXECUTE FUNCTION payment_batch_keeps_layout();
"""


def upgrade() -> None:
    """Add the columns."""
    op.execute(USED)


def downgrade() -> None:
    """Going back is restoring a backup: money tables are never dropped by a tool."""
