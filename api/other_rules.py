"""Another ruleset for a decision that was made: a draft, a version, or a text that is sent along.

What the caller may not see, the answer must not tell him: rules nobody has signed that read words
he sees masked are refused.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlmodel import Session

from api.access import unmasked_orgs
from api.masking import refuse_copying, refuse_new_questions
from engine.rulebook.draft_text import clean_text
from engine.rulebook.examples import ProposedExample, propose_example
from engine.rulebook.models import DecisionRow
from engine.rulebook.references import read_text
from engine.rulebook.texts import ruleset_in
from engine.rules.model import Ruleset
from engine.treasury.rulesets.referring import is_signed, ruleset_for
from engine.treasury.rulesets.shelf import signed_for
from engine.treasury.rulesets.visible import require_readable


def other_rules(
    session: Session,
    user_id: str,
    org_id: str,
    decided: Iterable[DecisionRow],
    *,
    reference: str | None = None,
    text: str | None = None,
) -> Ruleset | None:
    """The ruleset to decide a matter of `org_id` by: a text goes before a reference; None for
    neither. `decided` are the decisions about it, whose rulesets two persons have signed.

    Raises RulesetRefused for one with errors, HiddenWords, NotPermitted, and as `ruleset_for`.
    """
    if text is not None:
        found, signed = own_text(session, user_id, text), False
    elif reference is not None:
        found = ruleset_for(session, user_id, reference)
        signed = is_signed(session, user_id, reference)
    else:
        return None
    if not signed and org_id not in unmasked_orgs(session, user_id):
        then = [
            ruleset_in(session, one.revision_id, one.ruleset_hash, one.business_date)
            for one in decided
            if (one.kind, one.subject) == (found.kind, found.subject)
        ]
        live = signed_for(session, user_id, found.kind, found.subject)
        refuse_new_questions(found, [*live, *then])
    return found


def own_text(session: Session, user_id: str, text: str) -> Ruleset:
    """The ruleset in a text that is sent along. Raises RulesetRefused with its findings, and as
    `require_readable`."""
    clean = clean_text(text)
    seen = require_readable(session, user_id, clean)
    return read_text(session, clean, readable=seen.has)


def example_for(session: Session, user_id: str, row: DecisionRow, text: str) -> ProposedExample:
    """A decision as an example of a text, if the user may copy its facts.

    Raises RulesetRefused for a text with errors, HiddenWords, and as `propose_example`.
    """
    ruleset = own_text(session, user_id, text)
    if row.org_id not in unmasked_orgs(session, user_id):
        refuse_copying(ruleset)
    return propose_example(session, row, text, ruleset)
