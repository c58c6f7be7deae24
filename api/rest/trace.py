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
from api.masking import hide_accounts
from api.rest.errors import Problem
from api.services import services_of
from engine.base.masking import masked
from engine.base.money import format_major
from engine.rulebook.masks import masked_json, masks_of
from engine.runtime.db import transaction
from engine.runtime.jsontypes import JsonValue
from engine.treasury.rulesets.explaining import readable_rows
from engine.treasury.trace import Trace, find, of_document
from engine.treasury.trace.model import DecisionStep

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
        hashes = {step.hash for one in found for step in one.decisions}
        readable = readable_rows(session, caller.user_id, hashes)
    return {
        "traces": [_said(one, one.document.org_id in open_orgs, readable) for one in found],
        "hidden": len(ids) - len(found),
    }


def _said(found: Trace, open_accounts: bool, readable: frozenset[str]) -> JsonValue:
    """A trace as its reader may see it; which rows fired is told of rulesets he may read."""
    document = found.document
    decisions = tuple(
        one if one.hash in readable else dataclasses.replace(one, rows=())
        for one in found.decisions
    )
    if not open_accounts:
        account = masked(document.counterparty_account)
        document = dataclasses.replace(document, counterparty_account=account)
        decisions = tuple(_masked(one) for one in decisions)
    shown = dataclasses.replace(found, document=document, decisions=decisions)
    return _json(shown, document.currency)


def _masked(one: DecisionStep) -> DecisionStep:
    """A decision with account numbers masked, in texts they were written into as well."""
    outcome = masked_json(one.outcome, masks_of(one.facts, hide_accounts))
    return dataclasses.replace(one, facts=_masked_facts(one.facts), outcome=outcome)


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
