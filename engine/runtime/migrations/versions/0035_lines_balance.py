"""Lines of vouchers are checked by the statement that inserts them, once for all of it.

Before, each voucher and each line had a check of its own at commit, and the same sums were made
three times for a voucher of two lines.
"""

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

BALANCE = """
DROP TRIGGER voucher_balances ON voucher;
DROP TRIGGER voucher_balances ON voucher_line;
DROP FUNCTION voucher_balances();
CREATE FUNCTION voucher_balances() RETURNS trigger LANGUAGE plpgsql AS $$
-- After the statement: debits = credits in each currency of every voucher that was given lines.
DECLARE unequal record;
BEGIN
  -- One voucher after the other by its key: a join would be planned once, for a small table.
  SELECT given.voucher_id, sums.* INTO unequal
    FROM (SELECT DISTINCT voucher_id FROM fresh) AS given,
    LATERAL (SELECT currency, sum(debit) AS debits, sum(credit) AS credits
             FROM voucher_line WHERE voucher_id = given.voucher_id
             GROUP BY currency HAVING sum(debit) <> sum(credit)) AS sums LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'voucher % does not balance in %: debits %, credits %',
      unequal.voucher_id, unequal.currency, unequal.debits, unequal.credits
      USING ERRCODE = 'check_violation', TABLE = 'voucher', CONSTRAINT = 'voucher_balances';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER voucher_balances AFTER INSERT ON voucher_line
  REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION voucher_balances();
"""

LINES = """
CREATE FUNCTION voucher_has_two_lines() RETURNS trigger LANGUAGE plpgsql AS $$
-- At commit: two lines or more.
DECLARE line_count integer;
BEGIN
  SELECT count(*) INTO line_count FROM voucher_line WHERE voucher_id = NEW.id;
  IF line_count < 2 THEN
    RAISE EXCEPTION 'voucher % has % line(s); it needs two at least', NEW.id, line_count
      USING ERRCODE = 'check_violation', TABLE = 'voucher', CONSTRAINT = 'voucher_has_two_lines';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER voucher_has_two_lines AFTER INSERT ON voucher
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION voucher_has_two_lines();
"""


def upgrade() -> None:
    """Exchange the triggers."""
    for part in (BALANCE, LINES):
        op.execute(part)


def downgrade() -> None:
    """Going back is restoring a backup: money tables are never dropped by a tool."""
