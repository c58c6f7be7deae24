"""What the machine itself says of a payment, it says in English and in Chinese."""

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

# Words of a bank or a person have one language: the Chinese column is empty for them.
WORDS = """
DROP TRIGGER append_only ON attempt;
DROP TRIGGER append_only_truncate ON attempt;
ALTER TABLE attempt ADD COLUMN bank_text_zh text;
SELECT make_append_only('attempt', 'state', 'changed_at', 'bank_code', 'bank_text', 'bank_text_zh',
    'bank_reference', 'handling', 'decision_id', 'not_found_count', 'evidence_id', 'match_no');
ALTER TABLE document_event ADD COLUMN reason_zh text;
"""


def upgrade() -> None:
    """Give attempts and steps of documents a sentence in a second language."""
    op.execute(WORDS)


def downgrade() -> None:
    """Going back is restoring a backup: money tables are never dropped by a tool."""
