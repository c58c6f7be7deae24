"""Legal entities, organisations (head office, branch, sub-branch), users, roles and grants."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ARRAY, BigInteger, Column, DateTime, Identity, UniqueConstraint
from sqlalchemy import Text as TextColumn
from sqlmodel import Field, SQLModel


class LegalEntity(SQLModel, table=True):
    """A company of the group. Money between two of them moves only where a pair allows it."""

    __tablename__ = "legal_entity"
    id: str = Field(primary_key=True)
    name_en: str
    name_zh: str
    org_id: str


class LegalEntityPair(SQLModel, table=True):
    """An allowed direction of money between two legal entities (default: none)."""

    __tablename__ = "legal_entity_pair"
    from_id: str = Field(primary_key=True, foreign_key="legal_entity.id")
    to_id: str = Field(primary_key=True, foreign_key="legal_entity.id")
    org_id: str


class Organisation(SQLModel, table=True):
    """A node of the group's tree. `id` is the code used in rulesets (GROUP, BJ, BJ01)."""

    __tablename__ = "organisation"
    id: str = Field(primary_key=True)
    parent_id: str | None = Field(default=None, foreign_key="organisation.id")
    level: str
    """head_office | branch | sub_branch"""
    name_en: str
    name_zh: str
    legal_entity_id: str = Field(foreign_key="legal_entity.id")
    path: str
    """Codes from the root, separated by "/": GROUP/BJ/BJ01 (set once, by code)."""


class UserAccount(SQLModel, table=True):
    """A person or a technical user. `id` is the sign-in name."""

    __tablename__ = "user_account"
    id: str = Field(primary_key=True)
    org_id: str = Field(foreign_key="organisation.id")
    name: str
    password_hash: str | None = None
    """argon2id; None for technical users, which sign in by token only."""
    token_hash: str | None = Field(default=None, unique=True)
    """SHA-256 of the API token of a technical user (a source system)."""
    language: str = "zh"
    beneficiary_account: str | None = None
    """The person's own bank account: may not approve payments to it."""
    endpoint: str | None = None
    """Where messages for a technical user go; None for people and for systems without one."""
    email: str | None = None
    """Where alerts reach a person by e-mail; personal data, shown masked."""
    phone: str | None = None
    """Where alerts reach a person by SMS: digits, with or without a leading plus."""
    active: bool = True


class RoleGrant(SQLModel, table=True):
    """`user_id` holds `role` for `org_id` and everything below it.

    `kinds` limits what the role may do with rulesets to these kinds (None: all of them); whatever
    else the role may do is not touched by it.
    """

    __tablename__ = "role_grant"
    __table_args__ = (UniqueConstraint("user_id", "role", "org_id"),)
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    user_id: str = Field(foreign_key="user_account.id")
    role: str
    org_id: str = Field(foreign_key="organisation.id")
    kinds: list[str] | None = Field(default=None, sa_column=Column(ARRAY(TextColumn)))


class UserSession(SQLModel, table=True):
    """A signed-in browser. Only the SHA-256 of the cookie's token is kept."""

    __tablename__ = "user_session"
    token_hash: str = Field(primary_key=True)
    user_id: str = Field(foreign_key="user_account.id")
    org_id: str
    csrf_token: str
    created_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    expires_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
