"""Plays every row of the table of bad input in docs/intake.md."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from engine.base.text import SluiceError
from engine.rulebook import Rulebook
from engine.runtime.clock import ManualClock
from engine.runtime.jsontypes import JsonValue, canonical_json
from engine.treasury.intake.reasons import IntakeError
from engine.treasury.intake.single import Answer, take_document
from engine.treasury.organisations.errors import NotPermitted
from engine.treasury.organisations.grants import grant, revoke
from tests.treasury_intake.support import documents, message, publish_shipped

pytestmark = pytest.mark.long

DOCS = Path(__file__).parents[2] / "docs" / "intake.md"


def table() -> dict[str, tuple[str, int, str, str]]:
    """Case -> code, HTTP status, state, words of the message, as documented."""
    text = DOCS.read_text().split("| case | code | HTTP | state | message |")[1].split("\n\n")[0]
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()[2:]
    ]
    return {case: (code, int(http), state, words) for case, code, http, state, words in cells}


TABLE = table()


@dataclass
class World:
    """What a case works with."""

    session: Session
    rulebook: Rulebook
    clock: ManualClock

    def send(self, key: str = "m-1", /, *, by: str = "claims", **changes: JsonValue) -> Answer:
        """Send the good message with changes."""
        return take_document(
            self.session, self.rulebook, by, key, message(1, **changes), self.clock.now()
        )

    def sql(self, text: str) -> None:
        """Change master data."""
        self.session.execute(sa.text(text))
        self.session.expire_all()


def _twice(key: str, **changes: str) -> Callable[[World], Answer]:
    def play(world: World) -> Answer:
        world.send()
        return world.send(key, by="claims", **changes)

    return play


def _with(**changes: str | bool | None) -> Callable[[World], Answer]:
    return lambda world: world.send("m-1", by="claims", **changes)


def _state(state: str) -> Callable[[World], Answer]:
    def play(world: World) -> Answer:
        world.sql(f"UPDATE bank_account SET state = '{state}' WHERE nature = 'disbursement'")
        return world.send()

    return play


def _narrow_sender(world: World) -> Answer:
    grant(world.session, "claims", "source", "SH")
    revoke(world.session, "claims", "source", "GROUP")
    return world.send()


def _duplicate(world: World) -> Answer:
    world.send()
    return world.send("m-2", source_document_no="CL-2")


def _nobody(world: World) -> Answer:
    world.sql("DELETE FROM role_grant WHERE role = 'reviewer'")
    return world.send()


def _missing(name: str) -> Callable[[World], Answer]:
    return _with(**{name: None})


CASES: dict[str, Callable[[World], Answer]] = {
    "good document": _with(),
    "same message again": _twice("m-1"),
    "same message key, other content": _twice("m-1", amount="7.00"),
    "same number and content, other key": _twice("m-2"),
    "same number, other content": _twice("m-2", amount="7.00"),
    "no message key": lambda world: world.send(" "),
    "sender without permission": lambda world: world.send(by="auditor"),
    "unknown organisation": _with(organisation="XX99"),
    "organisation outside the sender's scope": _narrow_sender,
    "amount zero": _with(amount="0.00"),
    "amount negative": _with(amount="-5.00"),
    "amount missing": _missing("amount"),
    "amount with three decimals": _with(amount="1.005"),
    "amount of 20 digits": _with(amount="123456789012345678.90"),
    "amount with separators": _with(amount="1,000.00"),
    "unknown currency": _with(currency="XYZ"),
    "currency of no account": _with(currency="USD"),
    "name with rare characters": _with(counterparty_name="𠮷田䶮㙓"),
    "name with a private-use character": _with(counterparty_name="王\ue863"),
    "text too long": _with(purpose="长" * 141),
    "unknown business type": _with(business_type="lottery"),
    "unreadable date": _with(due_date="next week"),
    "source number missing": _missing("source_document_no"),
    "unknown field": _with(colour="red"),
    "payee is not the insured": _with(payee_is_insured=False),
    "every paying account frozen": _state("frozen"),
    "every paying account closed": _state("closed"),
    "account of a barred legal entity": _with(organisation="AG"),
    "suspected duplicate": _duplicate,
    "nobody may approve": _nobody,
    "no live ruleset": _with(),
}


def test_every_case_of_the_table_is_played_and_every_played_case_is_in_the_table() -> None:
    assert set(CASES) == set(TABLE)


@pytest.mark.parametrize("case", CASES)
def test_bad_input_gets_what_the_table_says(
    case: str, group: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    code, status, state, words = TABLE[case]
    if case != "no live ruleset":
        publish_shipped(group, clock)
    world = World(group, rulebook, clock)
    if status in (400, 403):
        with pytest.raises((IntakeError, NotPermitted), match=words) as refused:
            CASES[case](world)
        assert (refused.value.code, getattr(refused.value, "status", 403)) == (code, status)
        return
    answer = CASES[case](world)
    assert answer.status == status, answer.body
    found = {d.document_no: d for d in documents(group)}
    if state == "-":
        assert "document_no" not in answer.body
        if code != "KEY_REUSED":
            assert not found
    else:
        document = found[str(answer.body["document_no"])]
        assert (answer.body["state"], document.state) == (state, state), document.waiting
    said = canonical_json(answer.body)
    if words.startswith("waits: "):
        waiting = found[str(answer.body["document_no"])]
        assert waiting.waiting_code == code, waiting.waiting
        assert words.removeprefix("waits: ") in (waiting.waiting_en or "")
    elif code != "-":
        assert f'"{code}"' in said
        assert words in said


def test_every_refusal_speaks_english_and_chinese(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    answer = take_document(
        live, rulebook, "claims", "m", message(1, amount="1.005", due_date="x"), clock.now()
    )
    findings = answer.body["findings"]
    assert isinstance(findings, list)
    assert {f["code"] for f in findings} == {"AMOUNT_DECIMALS", "DATE_UNREADABLE"}
    assert all(f["message_en"] and f["message_zh"] for f in findings)


def test_all_violated_rules_are_named(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    answer = take_document(
        live,
        rulebook,
        "claims",
        "m",
        message(1, amount="-1.00", payee_is_insured=False, counterparty_account=None),
        clock.now(),
    )
    findings = answer.body["findings"]
    assert isinstance(findings, list)
    assert len({f["code"] for f in findings}) >= 3


def test_an_unknown_user_is_an_error_with_a_code(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    with pytest.raises(SluiceError, match="USER_UNKNOWN"):
        take_document(live, rulebook, "nobody", "m", message(1), clock.now())
