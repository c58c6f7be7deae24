"""The monitor's sign of life: that it runs, by which revision, and with which engines."""

from __future__ import annotations

import os
import socket

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.text import Text
from engine.runtime.jsontypes import canonical_json

NAME = "monitor"


def beat(
    session: Session, why_off: Text | None, trouble: Text | None, good_seconds: float | None
) -> None:
    """Say that the monitor is alive; `why_off` when it has no second engine, `trouble` when it
    cannot go on, `good_seconds` since its last good step (None before the first: that of its
    last life stays). Times are the database's."""
    session.execute(
        _BEAT,
        {
            "name": f"{NAME}@{socket.gethostname()}",
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "detail": canonical_json({"why_off": _json(why_off), "trouble": _json(trouble)}),
            "good": good_seconds,
        },
    )


def _json(text: Text | None) -> dict[str, str] | None:
    return None if text is None else {"en": text.en, "zh": text.zh}


_BEAT = sa.text("""
INSERT INTO replica (name, org_id, kind, pid, host, revision, started_at, seen_at, detail)
SELECT :name, 'GROUP', 'monitor', :pid, :host, coalesce(max(id), 0), now(), now(),
  CAST(:detail AS jsonb) || jsonb_build_object('good_at',
    now() - make_interval(secs => CAST(:good AS double precision))) FROM revision
ON CONFLICT (name) DO UPDATE SET pid = excluded.pid, revision = excluded.revision,
  started_at = CASE WHEN replica.pid = excluded.pid THEN replica.started_at ELSE now() END,
  seen_at = now(), detail = excluded.detail || jsonb_build_object('good_at',
    coalesce(nullif(excluded.detail -> 'good_at', 'null'), replica.detail -> 'good_at'))""")
