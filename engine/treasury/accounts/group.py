"""A whole group from one YAML file: organisations, legal entities, people, accounts, cash desks.

Every scalar is read as it was written, so 0102 and no stay text. Loading the same file again
changes nothing; what the file no longer names stays. Shape and an example: docs/intake.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from jsonschema import Draft202012Validator
from sqlmodel import Session, select

from engine.base.collector import Collector
from engine.base.money import parse_major
from engine.base.text import SluiceError, Text
from engine.base.yaml_marks import compose, lf, plain
from engine.ledger.accounts import Nature, ensure_account
from engine.rules.registry import all_kinds
from engine.treasury.accounts.book import AccountDraft, create
from engine.treasury.accounts.models import BankAccount
from engine.treasury.cash.desks import ensure_desk
from engine.treasury.organisations.grants import grant
from engine.treasury.organisations.models import (
    LegalEntity,
    LegalEntityPair,
    Organisation,
    UserAccount,
)
from engine.treasury.organisations.permissions import PERMISSIONS
from engine.treasury.organisations.signin import set_password, set_token
from engine.treasury.organisations.tree import add_organisation

_TEXT = {"type": "string", "minLength": 1}
_CODE = {"type": "string", "pattern": "^[A-Z0-9][A-Z0-9-]*$"}
_NAME = {
    "type": "object",
    "properties": {"en": _TEXT, "zh": _TEXT},
    "required": ["en", "zh"],
    "additionalProperties": False,
}
_YES_NO = {"enum": ["true", "false"]}


def _object(required: Mapping[str, object], optional: Mapping[str, object]) -> dict[str, object]:
    return {
        "type": "object",
        "properties": {**required, **optional},
        "required": sorted(required),
        "additionalProperties": False,
    }


def _list(item: Mapping[str, object]) -> dict[str, object]:
    return {"type": "array", "items": item}


SCHEMA = _object(
    {
        "legal_entities": _list(_object({"id": _CODE, "name": _NAME}, {})),
        "organisations": _list(
            _object(
                {
                    "id": _CODE,
                    "level": {"enum": ["head_office", "branch", "sub_branch"]},
                    "name": _NAME,
                    "legal_entity": _CODE,
                },
                {"parent": _CODE},
            )
        ),
    },
    {
        "money_may_move": _list(_object({"from": _CODE, "to": _CODE}, {})),
        "users": _list(
            _object(
                {"id": _TEXT, "org": _CODE, "name": _TEXT},
                {
                    "language": {"enum": ["en", "zh"]},
                    "password": _TEXT,
                    "token": _TEXT,
                    "endpoint": _TEXT,
                    "beneficiary_account": _TEXT,
                    "email": _TEXT,
                    "phone": _TEXT,
                    "roles": _list(
                        _object(
                            {"role": {"enum": sorted(PERMISSIONS)}},
                            {"org": _CODE, "kinds": _list({"enum": sorted(all_kinds())})},
                        )
                    ),
                },
            )
        ),
        "ledger_accounts": _list(
            _object(
                {
                    "code": {"type": "string", "pattern": "^[0-9]+$"},
                    "name": _NAME,
                    "nature": {"enum": [*get_args(Nature)]},
                },
                {},
            )
        ),
        "accounts": _list(
            _object(
                {
                    "org": _CODE,
                    "bank": _TEXT,
                    "number": _TEXT,
                    "name": _TEXT,
                    "currency": _TEXT,
                    "nature": _TEXT,
                    "cnaps": {"type": "string", "pattern": "^[0-9]{12}$"},
                    "ledger_account": _TEXT,
                },
                {"direct": _YES_NO, "legal_entity": _CODE},
            )
        ),
        "cash_desks": _list(
            _object(
                {"org": _CODE, "currency": _TEXT, "ledger_account": _TEXT},
                {"opening": {"type": "string", "pattern": "^[0-9]+([.][0-9]+)?$"}},
            )
        ),
    },
)
"""JSON Schema of a group file; every scalar is text."""


class GroupFileError(SluiceError):
    """A group file that cannot be loaded; nothing of it was."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a group file added; what was there before is not counted."""

    organisations: int
    users: int
    accounts: int


def load_group(session: Session, text: str) -> Loaded:
    """Create what the YAML names and is not there yet, parents before children.

    Raises GroupFileError GROUP_FILE (unreadable or of the wrong shape, with the place), and what
    creating raises: ROLE_CONFLICT, ORGANISATION_UNKNOWN, UNKNOWN_CURRENCY.
    """
    content = _read(text)
    for one in _items(content, "legal_entities"):
        if session.get(LegalEntity, one["id"]) is None:
            name = _name(one)
            session.add(
                LegalEntity(id=_text(one, "id"), name_en=name.en, name_zh=name.zh, org_id="GROUP")
            )
    session.flush()
    for pair in _items(content, "money_may_move"):
        key = (_text(pair, "from"), _text(pair, "to"))
        if session.get(LegalEntityPair, key) is None:
            session.add(LegalEntityPair(from_id=key[0], to_id=key[1], org_id="GROUP"))
    for one in _items(content, "ledger_accounts"):
        name = _name(one)
        ensure_account(
            session,
            _text(one, "code"),
            org_id="GROUP",
            name_en=name.en,
            name_zh=name.zh,
            nature=_nature(one),
        )
    organisations = sum(_organisation(session, one) for one in _items(content, "organisations"))
    users = sum(_user(session, one) for one in _items(content, "users"))
    accounts = sum(_account(session, one) for one in _items(content, "accounts"))
    for one in _items(content, "cash_desks"):
        ensure_desk(
            session,
            org_id=_text(one, "org"),
            currency=_text(one, "currency"),
            ledger_account=_text(one, "ledger_account"),
            opening=parse_major(_maybe(one, "opening") or "0", _text(one, "currency")),
        )
    return Loaded(organisations, users, accounts)


def _read(text: str) -> Mapping[str, object]:
    out = Collector("group.yaml")
    tree = compose(lf(text), out)
    if tree is None or out.findings:
        first = out.findings[0]
        raise _wrong(f"line {first.span.line}: {first.message.en}", first.message.zh)
    content = plain(tree)
    error = next(iter(Draft202012Validator(SCHEMA).iter_errors(content)), None)
    if error is not None:
        place = "/".join(str(part) for part in error.absolute_path) or "file"
        raise _wrong(f"{place}: {error.message}", f"{place}:{error.message}")
    assert isinstance(content, dict)
    return content


def _wrong(en: str, zh: str) -> GroupFileError:
    return GroupFileError(
        "GROUP_FILE",
        Text(
            f"the group file: {en}; correct it and load it again", f"集团文件:{zh};请更正后重新载入"
        ),
    )


def _organisation(session: Session, one: Mapping[str, object]) -> int:
    if session.get(Organisation, _text(one, "id")) is not None:
        return 0
    name = _name(one)
    add_organisation(
        session,
        _text(one, "id"),
        parent_id=_maybe(one, "parent"),
        level=_text(one, "level"),
        name_en=name.en,
        name_zh=name.zh,
        legal_entity_id=_text(one, "legal_entity"),
    )
    return 1


def _user(session: Session, one: Mapping[str, object]) -> int:
    user_id = _text(one, "id")
    fresh = session.get(UserAccount, user_id) is None
    if fresh:
        session.add(
            UserAccount(
                id=user_id,
                org_id=_text(one, "org"),
                name=_text(one, "name"),
                language=_maybe(one, "language") or "zh",
                endpoint=_maybe(one, "endpoint"),
                beneficiary_account=_maybe(one, "beneficiary_account"),
                email=_maybe(one, "email"),
                phone=_maybe(one, "phone"),
            )
        )
        session.flush()
        password, token = _maybe(one, "password"), _maybe(one, "token")
        if password is not None:
            set_password(session, user_id, password)
        if token is not None:
            set_token(session, user_id, token)
    for role in _items(one, "roles"):
        grant(
            session,
            user_id,
            _text(role, "role"),
            _maybe(role, "org") or _text(one, "org"),
            _kinds(role),
        )
    return int(fresh)


def _kinds(role: Mapping[str, object]) -> list[str] | None:
    found = role.get("kinds")
    return [str(kind) for kind in found] if isinstance(found, list) else None


def _account(session: Session, one: Mapping[str, object]) -> int:
    bank, number = _text(one, "bank"), _text(one, "number")
    known = session.exec(
        select(BankAccount).where(BankAccount.bank_id == bank, BankAccount.number == number)
    ).first()
    if known is not None:
        return 0
    create(
        session,
        AccountDraft(
            org_id=_text(one, "org"),
            bank_id=bank,
            number=number,
            name=_text(one, "name"),
            currency=_text(one, "currency"),
            nature=_text(one, "nature"),
            cnaps=_text(one, "cnaps"),
            ledger_account=_text(one, "ledger_account"),
            direct=_maybe(one, "direct") != "false",
            legal_entity_id=_maybe(one, "legal_entity"),
        ),
    )
    return 1


def _nature(one: Mapping[str, object]) -> Nature:
    nature = _text(one, "nature")
    return next(known for known in get_args(Nature) if known == nature)


def _items(content: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    found = content.get(key, [])
    assert isinstance(found, list)
    return found


def _text(one: Mapping[str, object], key: str) -> str:
    return str(one[key])


def _maybe(one: Mapping[str, object], key: str) -> str | None:
    found = one.get(key)
    return None if found is None else str(found)


def _name(one: Mapping[str, object]) -> Text:
    name = one["name"]
    assert isinstance(name, dict)
    return Text(str(name["en"]), str(name["zh"]))
