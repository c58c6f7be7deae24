"""GET /trace/{any}: everything about a payment, by any of its numbers."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from enum import Enum
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from pydantic import JsonValue as AnyJson

from api.access import unmasked_orgs
from api.identity import Caller, needs
from api.pages.show import masked
from api.rest.errors import Problem
from api.services import services_of
from engine.base.money import format_major
from engine.runtime.db import transaction
from engine.runtime.jsontypes import JsonValue
from engine.treasury.trace import Trace, find, of_document

router = APIRouter(prefix="/api/v1", tags=["trace"])
MOST = 50
"""Documents in one answer; a batch's message id may lead to more."""
MONEY = frozenset({"amount", "debit", "credit"})


class Traces(BaseModel):
    """Every document the number leads to, each with its steps in order; `hidden` are left out.

    Each trace has source, document, decisions, approvals, attempts, matches, vouchers and
    messages; amounts are decimal strings.
    """

    traces: list[dict[str, AnyJson]]
    hidden: int


@router.get(
    "/trace/{number}",
    summary="From the source document to the voucher, by any number of the payment",
    response_model=None,
    responses={200: {"model": Traces}, 404: {"model": Problem}},
)
def trace(
    request: Request,
    caller: Annotated[Caller, Depends(needs("documents.read"))],
    number: str,
) -> dict[str, JsonValue]:
    """Document, source, match, voucher or instruction number, message id or bank reference."""
    with transaction(services_of(request).engine) as session:
        ids = find(session, number, caller.user_id)
        found = [of_document(session, one) for one in ids[:MOST]]
        open_orgs = unmasked_orgs(session, caller.user_id)
    return {
        "traces": [_said(one, one.document.org_id in open_orgs) for one in found],
        "hidden": len(ids) - len(found),
    }


def _said(found: Trace, open_accounts: bool) -> JsonValue:
    document = found.document
    if not open_accounts:
        account = masked(document.counterparty_account)
        document = dataclasses.replace(document, counterparty_account=account)
        decisions = tuple(
            dataclasses.replace(one, facts=_masked_facts(one.facts)) for one in found.decisions
        )
        found = dataclasses.replace(found, decisions=decisions)
    return _json(dataclasses.replace(found, document=document), document.currency)


def _masked_facts(facts: Mapping[str, object]) -> dict[str, object]:
    """Facts with account numbers masked: every word that names an account."""
    return {
        word: masked(value) if word.endswith("_account") and isinstance(value, str) else value
        for word, value in facts.items()
    }


def _json(value: object, currency: str) -> JsonValue:
    if value is None or isinstance(value, bool | int | str):
        return value.value if isinstance(value, Enum) else value
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): _json(one, currency) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_json(one, currency) for one in value]
    assert dataclasses.is_dataclass(value)
    names = [field.name for field in dataclasses.fields(value)]
    own = getattr(value, "currency", currency)
    return {
        name: format_major(amount, own)
        if name in MONEY and isinstance(amount := getattr(value, name), int)
        else _json(getattr(value, name), own)
        for name in names
    }
