"""The application over the small group, with people signed in."""

from __future__ import annotations

import datetime as dt
import hashlib

import sqlalchemy as sa
from fastapi.testclient import TestClient

from api.app import create_app
from api.identity import COOKIE
from api.services import Services
from engine.runtime.clock import ManualClock
from engine.runtime.db import transaction


def signed_in(engine: sa.Engine, clock: ManualClock, user: str, lang: str = "en") -> TestClient:
    """A browser of `user` that sends the CSRF token of the session with everything."""
    token = f"token-of-{user}"
    with transaction(engine) as session:
        session.execute(
            sa.text("""
                INSERT INTO user_session
                  (token_hash, user_id, org_id, csrf_token, created_at, expires_at)
                SELECT :hash, id, org_id, 'csrf', :now, :later FROM user_account WHERE id = :user
                ON CONFLICT DO NOTHING"""),
            {
                "hash": hashlib.sha256(token.encode()).hexdigest(),
                "user": user,
                "now": clock.now(),
                "later": clock.now() + dt.timedelta(hours=8),
            },
        )
    client = TestClient(
        create_app(Services(engine, clock, demo=False)),
        follow_redirects=False,
        headers={"X-CSRF-Token": "csrf"},
    )
    client.cookies.set(COOKIE, token)
    client.cookies.set("lang", lang)
    return client
