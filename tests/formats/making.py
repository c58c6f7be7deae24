"""camt files and payment messages for the tests of readers and writers."""

from __future__ import annotations

import datetime as dt

from engine.formats.payment import PaymentItem, PaymentMessage
from engine.formats.statement import Direction, Statement, StatementLine

DAY = dt.date(2026, 11, 23)
CHINA = dt.timezone(dt.timedelta(hours=8))


def camt(body: str, version: str = "053.001.02", kind: str = "BkToCstmrStmt") -> bytes:
    """A camt document around `body`."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{version}">'
        f"<{kind}><GrpHdr><MsgId>M</MsgId></GrpHdr>{body}</{kind}></Document>"
    ).encode()


def stmt(
    entries: str = "",
    opening: str = "100.00",
    closing: str = "100.00",
    head: str = "<Id>S1</Id><ElctrncSeqNb>7</ElctrncSeqNb>",
) -> str:
    """A Stmt with opening and closing balance."""
    return (
        f"<Stmt>{head}<CreDtTm>2026-11-23T18:00:00+08:00</CreDtTm>"
        "<Acct><Id><Othr><Id>9010001</Id></Othr></Id><Ccy>CNY</Ccy></Acct>"
        f"{balance('OPBD', opening)}{balance('CLBD', closing)}{entries}</Stmt>"
    )


def balance(code: str, amount: str) -> str:
    """A Bal; a leading minus makes it a debit balance."""
    side = "DBIT" if amount.startswith("-") else "CRDT"
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
        f'<Amt Ccy="CNY">{amount.lstrip("-")}</Amt><CdtDbtInd>{side}</CdtDbtInd>'
        "<Dt><Dt>2026-11-23</Dt></Dt></Bal>"
    )


def ntry(
    amount: str = "1.00",
    side: str = "DBIT",
    *,
    currency: str = ' Ccy="CNY"',
    status: str = "<Sts>BOOK</Sts>",
    dates: str = "<BookgDt><Dt>2026-11-23</Dt></BookgDt><ValDt><Dt>2026-11-24</Dt></ValDt>",
    details: str = "",
) -> str:
    """An Ntry."""
    return (
        f"<Ntry><Amt{currency}>{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd>{status}{dates}"
        f"{details}</Ntry>"
    )


def line(
    amount: int = -100,
    balance: int | None = None,
    reference: str | None = None,
    remittance: str | None = "保费",
) -> StatementLine:
    """A statement line; negative amounts are debits."""
    direction: Direction = "debit" if amount < 0 else "credit"
    return StatementLine(
        DAY,
        DAY,
        abs(amount),
        direction,
        balance,
        reference,
        None,
        None,
        "客户",
        "6222",
        remittance,
        None,
    )


def statement(
    *lines: StatementLine,
    opening: int | None = 10_000,
    closing: int | None = None,
    sequence: int | None = 7,
    account: str = "9010001",
    currency: str = "CNY",
) -> Statement:
    """A statement whose closing fits unless given."""
    if closing is None and opening is not None:
        closing = opening + sum(one.signed for one in lines)
    return Statement(account, currency, "S", sequence, DAY, opening, closing, lines)


def message(*items: PaymentItem, direction: str = "pay", currency: str = "CNY") -> PaymentMessage:
    """A payment message."""
    return PaymentMessage(
        "PB20261123-000001",
        direction,
        "9010000000000001",
        "示例保险 & 支出户",
        "901290000012",
        currency,
        DAY,
        dt.datetime(2026, 11, 23, 9, 0, tzinfo=CHINA),
        items or (item(1), item(2)),
    )


def item(
    number: int,
    amount: int = 10_001,
    name: str = "张三<&>",
    account: str = "6222000011112222",
    code: str | None = "901290000020",
    remittance: str = "D20261123-000001 理赔款",
) -> PaymentItem:
    """Item `number`."""
    return PaymentItem(f"D20261123-{number:06d}-1", amount, name, account, code, remittance)
