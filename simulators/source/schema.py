"""The source system's tables."""

from typing import Final

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS outgoing (
  id INTEGER PRIMARY KEY, message_id TEXT NOT NULL UNIQUE, document TEXT NOT NULL,
  repeat INTEGER NOT NULL, state TEXT NOT NULL DEFAULT 'queued', tries INTEGER NOT NULL DEFAULT 0,
  status INTEGER, answer TEXT, repeat_status INTEGER, repeat_answer TEXT);
CREATE INDEX IF NOT EXISTS outgoing_open ON outgoing (id) WHERE state = 'queued';
CREATE TABLE IF NOT EXISTS incoming (
  id INTEGER PRIMARY KEY, message_id TEXT NOT NULL UNIQUE, body TEXT NOT NULL,
  document_no TEXT NOT NULL, sequence INTEGER NOT NULL, times INTEGER NOT NULL DEFAULT 1);
CREATE INDEX IF NOT EXISTS incoming_of_document ON incoming (document_no);
CREATE TABLE IF NOT EXISTS claim (
  number TEXT PRIMARY KEY, direction TEXT NOT NULL, currency TEXT NOT NULL, amount TEXT NOT NULL,
  day TEXT NOT NULL, message_id TEXT, taken INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS received_on (message_id TEXT PRIMARY KEY, day TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS lost (message_id TEXT PRIMARY KEY, times INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, count INTEGER NOT NULL);
"""
