"""Another ruleset for a decision that was made: a draft, a version, or a text that is sent along.

What the caller may not see, the answer must not tell him: rules nobody has signed that read words
he sees masked are refused.
"""

from __future__ import annotations

from sqlmodel import Session

from api.access import unmasked_orgs
from api.masking import refuse_copying, refuse_hidden
from engine.rulebook.examples import ProposedExample, propose_example
from engine.rulebook.models import DecisionRow
from engine.rulebook.references import read_text
from engine.rules.model import Ruleset
from engine.treasury.rulesets.referring import is_signed, ruleset_for


def other_rules(
    session: Session,
    user_id: str,
    org_id: str,
    *,
    reference: str | None = None,
    text: str | None = None,
) -> Ruleset | None:
    """The ruleset to decide a matter of `org_id` by: a text goes before a reference; None for
    neither.

    Raises RulesetRefused for one with errors, HiddenWords, and as `ruleset_for`.
    """
    if text is not None:
        found, signed = read_text(session, text), False
    elif reference is not None:
        found = ruleset_for(session, user_id, reference)
        signed = is_signed(session, reference)
    else:
        return None
    if not signed and org_id not in unmasked_orgs(session, user_id):
        refuse_hidden(found)
    return found


def example_for(session: Session, user_id: str, row: DecisionRow, text: str) -> ProposedExample:
    """A decision as an example of a text, if the user may copy its facts.

    Raises RulesetRefused for a text with errors, HiddenWords, and as `propose_example`.
    """
    ruleset = read_text(session, text)
    if row.org_id not in unmasked_orgs(session, user_id):
        refuse_copying(ruleset)
    return propose_example(session, row, text, ruleset)
