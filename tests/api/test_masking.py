"""Facts of decisions carry account numbers too; whoever sees them masked sees all masked."""

from __future__ import annotations

from api.rest.trace import _masked_facts


def test_every_account_word_of_a_decision_is_masked_and_nothing_else() -> None:
    facts = {"creditor_account": "6222021001000001", "same_account": True, "amount": "1.00"}
    shown = _masked_facts(facts)
    assert "6222021001000001" not in str(shown)
    assert (shown["same_account"], shown["amount"]) == (True, "1.00")
