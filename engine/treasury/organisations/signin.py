"""Signing in: passwords by argon2id, browser sessions, tokens of technical users.

Of a session or an API token only the SHA-256 is kept; the text is given out once.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from functools import cache

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlmodel import Session, select

from engine.base.text import Text
from engine.treasury.organisations.errors import OrganisationError, SignInFailed
from engine.treasury.organisations.grants import user
from engine.treasury.organisations.models import UserAccount, UserSession

SESSION_LENGTH = dt.timedelta(hours=10)
"""A working day; after it one signs in again."""

MIN_PASSWORD = 8

_HASHER = PasswordHasher()


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session. `token` goes into the httpOnly cookie and is kept nowhere else."""

    token: str
    csrf_token: str
    expires_at: dt.datetime
    user_id: str


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whose session or API token a request carries; `csrf_token` is None for technical users."""

    user_id: str
    org_id: str
    name: str
    language: str
    csrf_token: str | None


def set_password(session: Session, user_id: str, password: str) -> None:
    """Give a person a password (argon2id) and end his sessions.

    Raises OrganisationError PASSWORD_SHORT, PASSWORD_TECHNICAL (the user signs in by token).
    """
    person = user(session, user_id)
    if len(password) < MIN_PASSWORD:
        raise OrganisationError(
            "PASSWORD_SHORT",
            Text(
                f"the password is too short; use {MIN_PASSWORD} characters or more",
                f"密码过短;请使用至少 {MIN_PASSWORD} 个字符",
            ),
        )
    if person.token_hash is not None:
        raise OrganisationError(
            "PASSWORD_TECHNICAL",
            Text(
                f"{user_id} is a technical user and signs in by token; create a user for a person",
                f"{user_id} 是系统用户,只能用令牌登录;请另建个人用户",
            ),
        )
    person.password_hash = _HASHER.hash(password)
    session.add(person)
    _end_all(session, user_id)


def sign_in(session: Session, user_id: str, password: str, now: dt.datetime) -> SignedIn:
    """Open a session. SignInFailed SIGN_IN_FAILED says nothing of what was wrong."""
    found = session.get(UserAccount, user_id)
    known = found is not None and found.active and found.password_hash is not None
    kept = found.password_hash if found is not None and found.password_hash else _decoy()
    good = False
    try:
        good = bool(_HASHER.verify(kept, password))
    except (VerificationError, InvalidHashError):
        known = False
    if not (known and good) or found is None:
        raise SignInFailed(
            "SIGN_IN_FAILED",
            Text(
                "user name or password is wrong; try again, or ask an administrator",
                "用户名或密码错误;请重试,或联系管理员",
            ),
        )
    session.execute(
        sa.text("DELETE FROM user_session WHERE expires_at <= :now AND user_id = :user"),
        {"now": now, "user": user_id},
    )
    token = secrets.token_urlsafe(32)
    made = UserSession(
        token_hash=_hash(token),
        user_id=user_id,
        org_id=found.org_id,
        csrf_token=secrets.token_urlsafe(32),
        created_at=now,
        expires_at=now + SESSION_LENGTH,
    )
    session.add(made)
    session.flush()
    return SignedIn(token, made.csrf_token, made.expires_at, user_id)


def visitor_of_session(session: Session, token: str, now: dt.datetime) -> Visitor | None:
    """Whose session the cookie's token is; None when it ended or never was."""
    kept = session.get(UserSession, _hash(token))
    if kept is None or kept.expires_at <= now:
        return None
    person = user(session, kept.user_id)
    if not person.active:
        return None
    return Visitor(person.id, person.org_id, person.name, person.language, kept.csrf_token)


def csrf_matches(visitor: Visitor, sent: str | None) -> bool:
    """Whether a form carries the session's CSRF token."""
    kept = visitor.csrf_token
    return kept is not None and sent is not None and hmac.compare_digest(kept, sent)


def sign_out(session: Session, token: str) -> None:
    """End the session; ending it again is fine."""
    session.execute(
        sa.text("DELETE FROM user_session WHERE token_hash = :hash"), {"hash": _hash(token)}
    )
    session.expire_all()


def deactivate(session: Session, user_id: str) -> None:
    """Lock a user out for good: no sign-in, no token, no permission; the rows stay."""
    person = user(session, user_id)
    person.active = False
    session.add(person)
    _end_all(session, user_id)


def issue_token(session: Session, user_id: str) -> str:
    """Give a technical user a new API token, the old one ends. The text is returned once."""
    token = secrets.token_urlsafe(32)
    set_token(session, user_id, token)
    return token


def set_token(session: Session, user_id: str, token: str) -> None:
    """Keep the hash of an API token that was agreed elsewhere.

    Raises OrganisationError TOKEN_PERSON when the user has a password.
    """
    technical = user(session, user_id)
    if technical.password_hash is not None:
        raise OrganisationError(
            "TOKEN_PERSON",
            Text(
                f"{user_id} is a person and signs in by password; create a technical user",
                f"{user_id} 是个人用户,须用密码登录;请另建系统用户",
            ),
        )
    technical.token_hash = _hash(token)
    session.add(technical)
    session.flush()


def visitor_of_token(session: Session, token: str) -> Visitor | None:
    """Whose API token it is; None when nobody's."""
    found = session.exec(select(UserAccount).where(UserAccount.token_hash == _hash(token))).first()
    if found is None or not found.active:
        return None
    return Visitor(found.id, found.org_id, found.name, found.language, None)


def _hash(token: str) -> str:
    # The tokens are 256 random bits, so a plain hash cannot be searched.
    return hashlib.sha256(token.encode()).hexdigest()


def _end_all(session: Session, user_id: str) -> None:
    session.flush()
    session.execute(sa.text("DELETE FROM user_session WHERE user_id = :user"), {"user": user_id})


@cache
def _decoy() -> str:
    """A hash of nothing: an unknown name must take as long as a wrong password."""
    return _HASHER.hash(secrets.token_urlsafe(16))
