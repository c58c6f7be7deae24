"""What a document waits for is said in English and in Chinese."""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

# What stood there in English stays, and stands for both until the document moves on.
WORDS = """
DROP TRIGGER append_only ON document;
DROP TRIGGER append_only_truncate ON document;
ALTER TABLE document RENAME COLUMN waiting_text TO waiting_en;
ALTER TABLE document ADD COLUMN waiting_zh text;
UPDATE document SET waiting_zh = waiting_en WHERE waiting_en IS NOT NULL;
SELECT make_append_only('document', 'state', 'waiting_code', 'waiting_en', 'waiting_zh',
  'channel', 'account_id', 'content_hash', 'match_no', 'voucher_no', 'booking_date');
"""


def upgrade() -> None:
    """Give the sentence a second language."""
    op.execute(WORDS)


def downgrade() -> None:
    """Going back is restoring a backup: money tables are never dropped by a tool."""
