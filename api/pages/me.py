"""What I may do: my roles, which kinds of rulesets of which organisations, and all the rest."""

from __future__ import annotations

from itertools import groupby

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.access import NEEDS_ACCOUNT_NUMBERS
from api.identity import SignedIn
from api.pages.shell import page
from api.services import services_of
from engine.rules.registry import all_kinds
from engine.runtime.db import transaction
from engine.treasury.organisations.mine import allowed, held_by
from engine.treasury.organisations.permissions import ROLES, RULE_PERMISSIONS

router = APIRouter(include_in_schema=False)


@router.get("/me/permissions")
def mine(request: Request, caller: SignedIn) -> Response:
    """In words, one line per organisation."""
    with transaction(services_of(request).engine) as session:
        held = held_by(session, caller.user_id)
    every = allowed(held)
    rules = {name: [one for one in every if one.permission == name] for name in RULE_PERMISSIONS}
    others = [one for one in every if not one.of_rules]
    numbers = {
        one.organisation.id: one.organisation
        for one in every
        if one.permission in NEEDS_ACCOUNT_NUMBERS
    }
    return page(
        request,
        "me.html",
        caller,
        held=held,
        labels=ROLES,
        kinds=all_kinds(),
        rules=rules,
        others=[
            (name, [one.organisation for one in those])
            for name, those in groupby(others, key=lambda one: one.permission)
        ],
        numbers=list(numbers.values()),
    )
