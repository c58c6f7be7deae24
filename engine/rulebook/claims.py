"""One editor at a time by choice: whoever claims a draft alone saves it, while the claim lasts.

A claim lasts LASTS by the database's time and is renewed by whoever holds it. Anybody who may edit
the draft can take it over; the text of the other is then saved by nobody silently, since saving
names the text that was seen.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.text import Text
from engine.rulebook.drafts import draft_of
from engine.rulebook.errors import RulebookError

LASTS = dt.timedelta(seconds=60)


_CLAIM = sa.text(
    """
    INSERT INTO draft_claim AS held (draft_id, org_id, user_id, token, claimed_at, expires_at)
    VALUES (:draft, :org, :user, :token, clock_timestamp(), clock_timestamp() + :lasts)
    ON CONFLICT (draft_id) DO UPDATE SET
      user_id = excluded.user_id, org_id = excluded.org_id, token = excluded.token,
      expires_at = excluded.expires_at,
      claimed_at = CASE WHEN held.user_id = excluded.user_id
                         AND held.expires_at > clock_timestamp()
                   THEN held.claimed_at ELSE excluded.claimed_at END
    WHERE :take OR held.user_id = excluded.user_id
       OR held.expires_at <= clock_timestamp()
    RETURNING user_id, claimed_at"""
)


@dataclass(frozen=True, slots=True)
class Claim:
    """Who writes at a draft, since when (UTC)."""

    user_id: str
    since: dt.datetime


def claim_of(session: Session, draft_id: int) -> Claim | None:
    """The claim on a draft that has not run out."""
    found = session.execute(
        sa.text(
            "SELECT user_id, claimed_at FROM draft_claim "
            "WHERE draft_id = :draft AND expires_at > clock_timestamp()"
        ),
        {"draft": draft_id},
    ).first()
    return None if found is None else Claim(found.user_id, found.claimed_at)


def claim(
    session: Session, draft_id: int, user_id: str, token: str, *, take_over: bool = False
) -> Claim:
    """Claim a draft or renew the claim; the claim of another person stands unless `take_over`.

    `token` names the page that claims: a claim is given back with it alone. Returns the claim that
    stands, the caller's or the other's. Raises RulebookError DRAFT_UNKNOWN.
    """
    org_id = draft_of(session, draft_id).org_id
    asked = {"draft": draft_id, "org": org_id, "user": user_id, "token": token}
    asked |= {"lasts": LASTS, "take": take_over}
    while True:
        mine = session.execute(_CLAIM, asked).first()
        if mine is not None:
            return Claim(mine.user_id, mine.claimed_at)
        other = claim_of(session, draft_id)
        if other is not None:
            return other
        # It ended between the two questions: now the draft is free.


def give_back(session: Session, draft_id: int, user_id: str, token: str) -> None:
    """End one's own claim; nothing where another person or page holds it, or nobody."""
    session.execute(
        sa.text(
            "DELETE FROM draft_claim WHERE draft_id = :draft AND user_id = :user AND token = :token"
        ),
        {"draft": draft_id, "user": user_id, "token": token},
    )


def refuse_claimed(session: Session, draft_id: int, user_id: str) -> None:
    """Raise RulebookError DRAFT_CLAIMED where another person holds the draft."""
    held = claim_of(session, draft_id)
    if held is None or held.user_id == user_id:
        return
    raise RulebookError(
        "DRAFT_CLAIMED",
        Text(
            f"{held.user_id} is writing at this draft; take it over, or wait until it is given "
            "back",
            f"{held.user_id} 正在编辑此草稿；请接管，或等待其释放",
        ),
        409,
    )
