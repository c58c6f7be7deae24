"""Where alerts reach a person: personal data, set by user administrators and shown masked."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.masking import masked_address
from engine.base.text import Text
from engine.runtime import audit
from engine.runtime.db import constraint
from engine.treasury.organisations.errors import OrganisationError
from engine.treasury.organisations.grants import lock_person, orgs_of, require, user
from engine.treasury.organisations.models import UserAccount


def set_addresses(
    session: Session,
    actor: str,
    user_id: str,
    email: str | None,
    phone: str | None,
    now: dt.datetime,
) -> UserAccount:
    """Set both addresses of a person; None is none (permission users.manage for his organisation
    and every one he has a role in).

    The audit log keeps them masked. Raises OrganisationError USER_UNKNOWN, ADDRESS_WRONG, and
    NotPermitted.
    """
    found = user(session, user_id)
    # Alerts of every organisation he has a role in go there.
    for org_id in sorted({found.org_id, *orgs_of(session, user_id)}):
        require(session, actor, "users.manage", org_id)
    lock_person(session, user_id)
    session.refresh(found)
    before = _kept(found)
    try:
        with session.begin_nested():
            found.email, found.phone = email or None, phone or None
            session.flush()
    except sa.exc.DBAPIError as error:
        if (constraint(error) or "") in ("user_account_email", "user_account_phone"):
            raise OrganisationError(
                "ADDRESS_WRONG",
                Text(
                    "write an e-mail address like name@company.example, and a telephone number "
                    "of 5 to 20 digits, with or without a leading plus",
                    "邮箱请写成 name@company.example;电话为 5 至 20 位数字,可带前导加号",
                ),
            ) from error
        raise
    audit.record(
        session,
        actor,
        "user.addresses",
        "user_account",
        user_id,
        found.org_id,
        before,
        _kept(found),
        None,
        now,
    )
    return found


def _kept(person: UserAccount) -> dict[str, str | None]:
    return {"email": masked_address(person.email), "phone": masked_address(person.phone)}
