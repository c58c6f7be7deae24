"""Banks that speak ISO 20022 over HTTP: pain in, pain.002 and camt out."""

from __future__ import annotations

import json
from urllib.parse import quote

from engine.banks.connect import Setup
from engine.banks.contract import (
    FetchedStatement,
    FetchedStatements,
    ItemStatus,
    NoAnswer,
    Queried,
    QueryAnswer,
    SubmitAnswer,
    Submitted,
    of_statement,
)
from engine.banks.http import NoReply, NotSent, Reply
from engine.banks.messages import bank_message
from engine.banks.profile import BankProfile
from engine.formats.iso20022.camt import read_camt
from engine.formats.iso20022.pain002 import Reading, Status, StatusReport, read_pain002
from engine.formats.payment import ItemFault, PaymentMessage
from engine.formats.reading import FormatError, ReadFinding
from engine.formats.statement import BalanceReport
from engine.formats.xml_out.writing import message_faults, write_message

_DUPLICATE = frozenset({"AM05", "DUPL", "DU01", "DU02", "DU03", "DU04", "DU05"})
"""Reasons that say the bank has seen it before: then the first one may have been paid."""

_NO_ID = frozenset({None, "NOTPROVIDED", "UNKNOWN"})
_MOST_STATEMENTS = 20


def connect(setup: Setup) -> IsoConnector:
    """The connector of an ISO 20022 bank."""
    return IsoConnector(setup)


class IsoConnector:
    """See engine.banks.contract.Connector."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._http = setup.http

    @property
    def profile(self) -> BankProfile:
        """The bank's profile."""
        return self._setup.profile

    def check(self, message: PaymentMessage) -> tuple[ItemFault, ...]:
        """Why items cannot be written."""
        return message_faults(message, bank_message(self.profile, message.direction)[0])

    def render(self, message: PaymentMessage) -> bytes:
        """The message the profile names: pain.001, pain.008 or the bank's own."""
        definition, template = bank_message(self.profile, message.direction)
        return write_message(message, definition, template, self._setup.renderer)

    def submit(self, message_id: str, request: bytes) -> SubmitAnswer:
        """POST the message. Only a pain.002 about it counts as an answer."""
        got = self._http.exchange("POST", "/iso/payments", request, "application/xml")
        match got:
            case NotSent(why):
                return SubmitAnswer(Submitted.NOT_SENT, None, None, why, b"")
            case NoReply(why):
                return SubmitAnswer(Submitted.UNKNOWN, None, None, why, b"")
            case Reply(status, body):
                return _submitted(message_id, status, body)

    def query(self, message_id: str) -> QueryAnswer:
        """GET the pain.002 of a message."""
        got = self._http.exchange("GET", f"/iso/payments/{quote(message_id, safe='')}")
        if not isinstance(got, Reply):
            return _no_answer(got.why)
        if got.status == 404 and not got.body.strip():
            return QueryAnswer(Queried.NOT_FOUND, None, (), None, got.body)
        if got.status != 200:
            return _no_answer(f"HTTP {got.status}", got.body)
        try:
            report = read_pain002(got.body)
        except FormatError as error:
            return _no_answer(str(error), got.body)
        if report.original_message_id != message_id:
            return _no_answer(f"an answer about {report.original_message_id}", got.body)
        return _found(report, got.body)

    def balance(self, account: str) -> BalanceReport | NoAnswer:
        """The camt.052 of an account."""
        got = self._http.exchange("GET", f"/iso/accounts/{quote(account, safe='')}/balance")
        if not isinstance(got, Reply):
            return NoAnswer(got.why)
        if got.status != 200:
            return NoAnswer(f"HTTP {got.status}", got.body)
        camt = read_camt(got.body)
        for report in camt.balances:
            if report.account == account:
                return report
        return NoAnswer(_said(camt.findings) or "no balance of this account", got.body)

    def statements(self, account: str, after: int) -> FetchedStatements | NoAnswer:
        """The list of statements after `after`, then each camt.053."""
        path = f"/iso/accounts/{quote(account, safe='')}/statements"
        got = self._http.exchange("GET", f"{path}?after={after}")
        if not isinstance(got, Reply):
            return NoAnswer(got.why)
        if got.status != 200:
            return NoAnswer(f"HTTP {got.status}", got.body)
        hrefs = _hrefs(got.body)
        if hrefs is None:
            return NoAnswer("the list of statements cannot be read", got.body)
        fetched: list[FetchedStatement] = []
        findings: list[ReadFinding] = []
        for href in hrefs[:_MOST_STATEMENTS]:
            one = self._http.exchange("GET", href)
            if not isinstance(one, Reply) or one.status != 200:
                why = f"HTTP {one.status}" if isinstance(one, Reply) else one.why
                if not fetched:
                    return NoAnswer(f"{href}: {why}")
                return FetchedStatements(tuple(fetched), True, tuple(findings))
            camt = read_camt(one.body)
            findings += camt.findings
            fetched += [
                FetchedStatement(s, one.body, of_statement(camt.findings, place))
                for place, s in enumerate(camt.statements)
            ]
        return FetchedStatements(tuple(fetched), len(hrefs) > _MOST_STATEMENTS, tuple(findings))

    def close(self) -> None:
        """Give connections back."""
        self._http.close()


def _submitted(message_id: str, http_status: int, body: bytes) -> SubmitAnswer:
    try:
        report = read_pain002(body)
    except FormatError as error:
        why = f"HTTP {http_status}: {error}"
        return SubmitAnswer(Submitted.UNKNOWN, None, None, why, body)
    group = report.group
    return SubmitAnswer(
        _outcome(message_id, http_status, report), group.status, group.reason, group.text, body
    )


def _outcome(message_id: str, http_status: int, report: StatusReport) -> Submitted:
    group, named = report.group, report.original_message_id
    refused = 200 <= http_status < 300 or (400 <= http_status < 500 and http_status != 409)
    if group.reading is Reading.REJECTED and refused and group.reason not in _DUPLICATE:
        about_us = named == message_id or named in _NO_ID
        return Submitted.REJECTED if about_us else Submitted.UNKNOWN
    accepted = group.reading in (Reading.PENDING, Reading.PAID) or group.status == "PART"
    if accepted and 200 <= http_status < 300 and named == message_id:
        return Submitted.ACCEPTED
    return Submitted.UNKNOWN


def _found(report: StatusReport, raw: bytes) -> QueryAnswer:
    items = tuple(
        _item(one.instruction_id, one.status, report.group, one.bank_reference)
        for one in report.transactions
    )
    whole = None if items else _item("", report.group, report.group, None)
    return QueryAnswer(Queried.FOUND, whole, items, report.group.text, raw)


def _item(own: str, status: Status, group: Status, bank_reference: str | None) -> ItemStatus:
    if status.status is None:
        # An item named without a status of its own has the message's; PART says nothing.
        status = group
    reading = status.reading
    if status.reason in _DUPLICATE:
        reading = Reading.UNKNOWN
    return ItemStatus(own, reading, status.status, status.reason, status.text, bank_reference)


def _no_answer(why: str, raw: bytes = b"") -> QueryAnswer:
    return QueryAnswer(Queried.NO_ANSWER, None, (), why, raw)


def _hrefs(body: bytes) -> list[str] | None:
    """Paths of the statements listed, oldest first; None when the list cannot be read.

    Only paths at the same bank are followed: the token must not go elsewhere.
    """
    try:
        listed = json.loads(body)
        rows = sorted((int(row["sequence"]), str(row["href"])) for row in listed)
    except (ValueError, TypeError, KeyError):
        return None
    if any(not href.startswith("/") or href.startswith("//") for _, href in rows):
        return None
    return [href for _, href in rows]


def _said(findings: tuple[ReadFinding, ...]) -> str:
    return "; ".join(finding.text.en for finding in findings[:3])
