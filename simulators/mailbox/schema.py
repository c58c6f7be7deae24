"""The mailbox's tables."""

from typing import Final

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS message (
  id INTEGER PRIMARY KEY, channel TEXT NOT NULL, message_id TEXT NOT NULL, recipient TEXT NOT NULL,
  subject TEXT NOT NULL, body TEXT NOT NULL, raw BLOB NOT NULL, received_at TEXT NOT NULL,
  times INTEGER NOT NULL DEFAULT 1, UNIQUE (channel, message_id, recipient));
CREATE TABLE IF NOT EXISTS fault (
  id INTEGER PRIMARY KEY, channel TEXT NOT NULL, fault TEXT NOT NULL, code INTEGER NOT NULL,
  left INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS forged (at TEXT NOT NULL);
"""
