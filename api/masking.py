"""Account numbers inside facts and texts, as far as the reader may see them."""

from __future__ import annotations

from api.pages.show import masked
from engine.rules.reasons import Hide, open_text


def hide_accounts(word: str, text: str) -> str:
    """The text of a fact: every word that names an account keeps its first and last digits."""
    return (masked(text) or "") if word.endswith("_account") else text


def hiding(org_id: str, open_orgs: frozenset[str]) -> Hide:
    """How facts of a matter of `org_id` are shown to somebody who sees `open_orgs` in full."""
    return open_text if org_id in open_orgs else hide_accounts
