"""Versions of layouts: signed and made live by a second person, returned, undone, retired."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.base.text import Text
from engine.formats.layouts import Use
from engine.runtime import audit
from engine.treasury.layouts.catalogue import keep, live, parsed, shipped
from engine.treasury.layouts.errors import (
    LayoutError,
    decided,
    no_reason,
    same_person,
    unknown_layout,
)
from engine.treasury.layouts.models import LayoutActivation, LayoutVersion
from engine.treasury.organisations.grants import require, visible_orgs
from engine.treasury.organisations.tree import path_of

_LOCK = 0x51_003B


def sign(session: Session, user_id: str, hash: str, now: dt.datetime) -> LayoutVersion:
    """Sign a submitted layout (layouts.approve) and make it live for its organisation.

    It rules from its effective date on, in every process with the commit. Raises LayoutError
    LAYOUT_UNKNOWN, LAYOUT_DECIDED, FOUR_EYES, LAYOUT_OLDER, LAYOUT_SEVERAL; NotPermitted.
    """
    _one_at_a_time(session)
    version = _waiting(session, user_id, hash)
    require(session, user_id, "layouts.approve", version.org_id)
    if user_id == version.author or user_id in version.editors:
        raise same_person(user_id)
    _refuse_second(session, version)
    version.reviewer, version.reviewed_at = user_id, now
    session.add(version)
    session.flush()
    _note(session, version, user_id, "bank_layout.signed", version.reason, now)
    _write(
        session,
        version.org_id,
        version.bank_id,
        version.name,
        version.hash,
        "approved",
        user_id,
        version.reason,
        now,
    )
    return version


def send_back(
    session: Session, user_id: str, hash: str, reason: str, now: dt.datetime
) -> LayoutVersion:
    """Return a submitted layout; it never becomes live. Its author may, and who may sign.

    Raises LayoutError LAYOUT_UNKNOWN, LAYOUT_DECIDED, REASON_MISSING; NotPermitted.
    """
    if not reason.strip():
        raise no_reason()
    version = _waiting(session, user_id, hash)
    if user_id != version.author:
        require(session, user_id, "layouts.approve", version.org_id)
    version.returned_by, version.returned_at = user_id, now
    version.return_reason = reason.strip()
    session.add(version)
    session.flush()
    _note(session, version, user_id, "bank_layout.returned", reason, now)
    return version


def undo(
    session: Session, user_id: str, org_id: str, name: str, reason: str, now: dt.datetime
) -> str | None:
    """Make live again what was live before the newest activation (layouts.approve).

    Two persons signed that before, or it ships with the product. Its hash; None when nothing was.
    Files that were read or written meanwhile keep the layout they name. Raises LayoutError
    LAYOUT_UNKNOWN, REASON_MISSING, NOTHING_TO_UNDO; NotPermitted.
    """
    if not reason.strip():
        raise no_reason()
    _one_at_a_time(session)
    require(session, user_id, "layouts.approve", org_id)
    made = activations(session, org_id, name)
    if not made:
        raise LayoutError(
            "NOTHING_TO_UNDO",
            Text(
                f"nothing was activated under {name} of {org_id}",
                f"机构 {org_id} 的 {name} 没有可撤销的激活",
            ),
            409,
        )
    back = _before(made)
    if back is None:
        came = [
            one for one in shipped() if (one.layout.scope_org, one.layout.name) == (org_id, name)
        ]
        back = keep(session, came[0], now) if came else None
    if back == made[0].hash:
        raise LayoutError(
            "NOTHING_TO_UNDO",
            Text(f"nothing stood before what is live of {name}", f"{name} 之前没有其他版本"),
            409,
        )
    version = session.get(LayoutVersion, back) if back else None
    if version is not None:
        _refuse_second(session, version)
    _write(session, org_id, made[0].bank_id, name, back, "undo", user_id, reason, now)
    audit.record(
        session,
        user_id,
        "bank_layout.undone",
        "bank_layout_version",
        made[0].hash or name,
        org_id,
        {"name": name, "hash": made[0].hash},
        {"name": name, "hash": back},
        reason.strip(),
        now,
    )
    return back


def _before(made: Sequence[LayoutActivation]) -> str | None:
    """What an undo brings back, of activations newest first: each undo took the newest away."""
    standing: list[str | None] = []
    for one in reversed(made):
        if one.cause == "undo":
            standing.pop()
        else:
            standing.append(one.hash)
    return standing[-2] if len(standing) > 1 else None


def retire(
    session: Session, user_id: str, org_id: str, name: str, reason: str, now: dt.datetime
) -> None:
    """Let the organisation have no layout of this name (layouts.approve): the one of the nearest
    organisation above rules again. Raises LayoutError LAYOUT_UNKNOWN, REASON_MISSING; NotPermitted.
    """
    if not reason.strip():
        raise no_reason()
    _one_at_a_time(session)
    require(session, user_id, "layouts.approve", org_id)
    for one in live(session):
        if (one.layout.scope_org, one.layout.name) == (org_id, name):
            _write(session, org_id, one.layout.bank, name, None, "retired", user_id, reason, now)
            audit.record(
                session,
                user_id,
                "bank_layout.retired",
                "bank_layout_version",
                one.hash,
                org_id,
                {"name": name, "version": one.layout.version},
                None,
                reason.strip(),
                now,
            )
            return
    raise unknown_layout(name)


def version_of(session: Session, user_id: str, hash: str) -> LayoutVersion:
    """A stored version the user may see: of his organisations, or above them.

    LayoutError LAYOUT_UNKNOWN.
    """
    version = session.get(LayoutVersion, hash)
    if version is None or version.org_id not in readable_orgs(session, user_id):
        raise unknown_layout(hash)
    return version


def versions(session: Session, user_id: str) -> list[LayoutVersion]:
    """Every stored version the user may see, by bank, name and number."""
    return list(
        session.exec(
            select(LayoutVersion)
            .where(col(LayoutVersion.org_id).in_(readable_orgs(session, user_id)))
            .order_by(
                col(LayoutVersion.bank_id),
                col(LayoutVersion.name),
                col(LayoutVersion.org_id),
                col(LayoutVersion.version),
            )
        )
    )


def readable_orgs(session: Session, user_id: str) -> frozenset[str]:
    """His organisations (layouts.read), and those above whose layouts rule them."""
    orgs = visible_orgs(session, user_id, "layouts.read")
    return frozenset({above for org in orgs for above in path_of(session, org)})


def activations(session: Session, org_id: str, name: str) -> list[LayoutActivation]:
    """What was live under a name of an organisation, newest first."""
    return list(
        session.exec(
            select(LayoutActivation)
            .where(LayoutActivation.org_id == org_id, LayoutActivation.name == name)
            .order_by(col(LayoutActivation.id).desc())
        )
    )


def _refuse_second(session: Session, version: LayoutVersion) -> None:
    """Files that we write have one layout per bank and organisation; nothing goes back in number
    by signing."""
    for one in live(session):
        layout = one.layout
        if layout.scope_org != version.org_id or layout.bank != version.bank_id:
            continue
        if layout.name == version.name:
            if layout.version > version.version and not (version.reviewer or version.shipped):
                raise LayoutError(
                    "LAYOUT_OLDER",
                    Text(
                        f"version {layout.version} of {version.name} is live; give this one a "
                        "higher number, or undo",
                        f"{version.name} 第 {layout.version} 版正在生效;请提高版本号,或撤销",
                    ),
                    409,
                )
        elif layout.use == version.use == Use.PAYMENT_ORDER:
            raise LayoutError(
                "LAYOUT_SEVERAL",
                Text(
                    f"{layout.name} is live for payment files of {version.bank_id}; retire it "
                    "first: a file is written by one layout",
                    f"{version.bank_id} 的支付文件布局 {layout.name} 正在生效;请先停用",
                ),
                409,
            )


def _waiting(session: Session, user_id: str, hash: str) -> LayoutVersion:
    version = version_of(session, user_id, hash)
    session.refresh(version, with_for_update=True)
    who = version.reviewer or version.returned_by
    if who is not None:
        raise decided(version.name, version.version, who, version.reviewer is None)
    parsed(version.text, version.file)
    return version


def _write(
    session: Session,
    org_id: str,
    bank_id: str,
    name: str,
    hash: str | None,
    cause: str,
    user_id: str,
    reason: str,
    now: dt.datetime,
) -> None:
    session.add(
        LayoutActivation(
            org_id=org_id,
            bank_id=bank_id,
            name=name,
            hash=hash,
            cause=cause,
            activated_by=user_id,
            reason=reason.strip(),
            at=now,
        )
    )
    session.flush()


def _one_at_a_time(session: Session) -> None:
    session.connection().execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def _note(
    session: Session, version: LayoutVersion, actor: str, action: str, reason: str, now: dt.datetime
) -> None:
    audit.record(
        session,
        actor,
        action,
        "bank_layout_version",
        version.hash,
        version.org_id,
        None,
        {"bank": version.bank_id, "name": version.name, "version": version.version},
        reason.strip(),
        now,
    )
