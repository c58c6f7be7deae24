"""The bank's tables. Amounts: minor units. Instants: milliseconds since 1970, bank clock."""

from typing import Final

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS account (
  number TEXT PRIMARY KEY, name TEXT NOT NULL, currency TEXT NOT NULL, kind TEXT NOT NULL,
  state TEXT NOT NULL, refuse TEXT NOT NULL, bank_code TEXT NOT NULL, overdraft INTEGER NOT NULL,
  opening INTEGER, balance INTEGER, created_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS message (
  id INTEGER PRIMARY KEY, message_id TEXT NOT NULL, name TEXT NOT NULL, body_hash TEXT NOT NULL,
  refusal TEXT NOT NULL, refusal_text TEXT NOT NULL, answer_status INTEGER NOT NULL,
  answer BLOB NOT NULL, accepted_at INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS message_by_id ON message (message_id);
CREATE TABLE IF NOT EXISTS item (
  id INTEGER PRIMARY KEY, message INTEGER NOT NULL REFERENCES message (id),
  payment_info_id TEXT NOT NULL, instruction_id TEXT NOT NULL, end_to_end_id TEXT NOT NULL,
  direction TEXT NOT NULL, account TEXT NOT NULL, counterparty_account TEXT NOT NULL,
  counterparty_name TEXT NOT NULL, counterparty_bank TEXT NOT NULL, amount INTEGER NOT NULL,
  currency TEXT NOT NULL, remittance TEXT NOT NULL, next_day INTEGER NOT NULL,
  due_at INTEGER NOT NULL, state TEXT NOT NULL DEFAULT 'pending', code TEXT NOT NULL DEFAULT '',
  executed_at INTEGER, bank_reference TEXT NOT NULL DEFAULT '', bounced_at INTEGER);
CREATE INDEX IF NOT EXISTS item_due ON item (due_at) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS item_of_message ON item (message);
CREATE INDEX IF NOT EXISTS item_by_instruction ON item (instruction_id);
CREATE TABLE IF NOT EXISTS statement (
  id INTEGER PRIMARY KEY, account TEXT NOT NULL REFERENCES account (number),
  sequence INTEGER NOT NULL, from_at INTEGER NOT NULL, to_at INTEGER NOT NULL,
  opening INTEGER NOT NULL, closing INTEGER NOT NULL, UNIQUE (account, sequence));
CREATE TABLE IF NOT EXISTS booking (
  id INTEGER PRIMARY KEY AUTOINCREMENT, bank_reference TEXT NOT NULL,
  account TEXT NOT NULL REFERENCES account (number), amount INTEGER NOT NULL,
  balance INTEGER NOT NULL, booked_at INTEGER NOT NULL, recorded_at INTEGER NOT NULL,
  kind TEXT NOT NULL, message_id TEXT NOT NULL, instruction_id TEXT NOT NULL,
  end_to_end_id TEXT NOT NULL, counterparty_account TEXT NOT NULL,
  counterparty_name TEXT NOT NULL, remittance TEXT NOT NULL, return_code TEXT NOT NULL,
  return_text TEXT NOT NULL, item_count INTEGER NOT NULL,
  statement INTEGER REFERENCES statement (id));
CREATE INDEX IF NOT EXISTS booking_uncut ON booking (account, recorded_at, amount)
  WHERE statement IS NULL;
CREATE INDEX IF NOT EXISTS booking_uncut_since ON booking (booked_at) WHERE statement IS NULL;
CREATE INDEX IF NOT EXISTS booking_of_statement ON booking (statement);
CREATE TABLE IF NOT EXISTS fault (
  id INTEGER PRIMARY KEY, on_call TEXT NOT NULL, kind TEXT NOT NULL, times_left INTEGER NOT NULL,
  message_id TEXT, contains TEXT);
CREATE TABLE IF NOT EXISTS fault_more (
  fault INTEGER PRIMARY KEY REFERENCES fault (id), seconds INTEGER NOT NULL, says TEXT NOT NULL,
  until INTEGER);
CREATE TABLE IF NOT EXISTS late_request (
  id INTEGER PRIMARY KEY, due_at INTEGER NOT NULL, path TEXT NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS bounce_due (
  item INTEGER PRIMARY KEY REFERENCES item (id), due_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS silenced (counterparty_account TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, count INTEGER NOT NULL);
"""
