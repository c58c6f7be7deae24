"""Whatever happens, opening + lines = closing, and closing = the next opening."""

import tempfile
from decimal import Decimal
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.simulators.messages import Line, batch_body, pain001, pain008
from tests.simulators.running import OURS, BankClient, running_bank

CENTS = st.integers(1, 40_000_000).map(lambda minor: f"{minor // 100}.{minor % 100:02d}")
EVENT = st.one_of(
    st.tuples(st.sampled_from(["pay", "collect", "credit", "debit"]), CENTS),
    st.tuples(st.just("hours"), st.integers(1, 20)),
    st.tuples(st.sampled_from(["cut", "bounce"]), st.just(0)),
)


def _submit(bank: BankClient, kind: str, number: int, amount: str) -> None:
    line = Line(f"I{number}", amount)
    if bank.bank.profile.dialect == "cn_xml":
        bank.cms("PAYBAT" if kind == "pay" else "COLBAT", batch_body(f"M{number}", [line]))
    else:
        build = pain001 if kind == "pay" else pain008
        bank.pay(build(f"M{number}", [line]))


def _play(bank: BankClient, events: list[tuple[str, int | str]]) -> None:
    hours = 9
    for number, (kind, value) in enumerate(events):
        match kind:
            case "pay" | "collect":
                _submit(bank, kind, number, str(value))
            case "credit" | "debit":
                bank.admin(kind, {"account": OURS, "amount": value})
            case "hours":
                hours += int(value)
                day, hour = divmod(hours, 24)
                bank.clock(f"2026-12-{day + 1:02d}T{hour:02d}:00:00+08:00")
            case "cut":
                bank.admin("cut", {"empty": True})
            case "bounce":
                bank.admin("bounce", {"instruction_id": f"I{number - 2}", "reason": "AC04"})
    bank.admin("cut", {"empty": True})


@settings(max_examples=25, deadline=None)
@given(st.lists(EVENT, max_size=12), st.booleans())
def test_camt_statements_hang_together(
    events: list[tuple[str, int | str]], batch_booking: bool
) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        running_bank(Path(folder) / "a.sqlite", options={"batch_booking": batch_booking}) as bank,
    ):
        _play(bank, events)
        closing = Decimal("1000000.00")
        for sequence, root in enumerate(bank.statements(), 1):
            assert root.findtext(".//{*}ElctrncSeqNb") == str(sequence)
            opening, booked, _ = root.iter("{*}Bal")
            assert _signed(opening) == closing
            closing += sum(_signed(line) for line in root.iter("{*}Ntry"))
            assert _signed(booked) == closing
        assert closing == Decimal(bank.balance_of(OURS))


@settings(max_examples=25, deadline=None)
@given(st.lists(EVENT, max_size=12))
def test_cms_statements_hang_together_line_by_line(events: list[tuple[str, int | str]]) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        running_bank(Path(folder) / "b.sqlite", "bank_b") as bank,
    ):
        _play(bank, events)
        root = bank.cms("QRYSTM", f"<ACCNO>{OURS}</ACCNO><AFTERSEQ>0</AFTERSEQ>")
        balance = Decimal("1000000.00")
        for statement in root.iter("STM"):
            assert Decimal(statement.findtext("OPENBAL") or "") == balance
            for row in statement.iter("ROW"):
                amount = Decimal(row.findtext("AMT") or "")
                balance += amount if row.findtext("DCFLAG") == "C" else -amount
                assert Decimal(row.findtext("BAL") or "") == balance
            assert Decimal(statement.findtext("CLOSEBAL") or "") == balance
        assert balance == Decimal(bank.balance_of(OURS))


def _signed(element: etree._Element) -> Decimal:
    amount = Decimal(element.findtext("{*}Amt") or "")
    return -amount if element.findtext("{*}CdtDbtInd") == "DBIT" else amount
