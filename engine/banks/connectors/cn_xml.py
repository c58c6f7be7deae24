"""Banks with a Chinese-style gateway: GB18030 XML requests told apart by TRCODE."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

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
from engine.base.text import SluiceError
from engine.formats.cn_xml.reader import (
    CnMessage,
    read_balance,
    read_items,
    read_message,
    read_statements,
)
from engine.formats.cn_xml.writer import ADDED, write_batch, write_query
from engine.formats.iso20022.pain002 import Reading
from engine.formats.payment import ItemFault, PaymentMessage
from engine.formats.reading import FormatError
from engine.formats.safe_xml import text_of
from engine.formats.statement import BalanceReport
from engine.formats.templates import find_template
from engine.formats.xml_out.writing import message_faults

_PATH = "/cgi/gateway"
_TYPE = "application/xml; charset=GB18030"
_ACCEPTED = "0001"
_DONE = "0000"
_NOT_FOUND = "E404"


def connect(setup: Setup) -> CnConnector:
    """The connector of a gateway bank."""
    return CnConnector(setup)


@dataclass(frozen=True, slots=True)
class _Unreadable:
    why: str
    raw: bytes


class CnConnector:
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
        return message_faults(message, bank_message(self.profile, message.direction, ADDED)[0])

    def render(self, message: PaymentMessage) -> bytes:
        """PAYBAT or COLBAT."""
        definition, template = bank_message(self.profile, message.direction, ADDED)
        return write_batch(message, definition, template, self._setup.renderer)

    def submit(self, message_id: str, request: bytes) -> SubmitAnswer:
        """POST the batch. Only an answer that repeats the batch number counts."""
        got = self._http.exchange("POST", _PATH, request, _TYPE)
        match got:
            case NotSent(why):
                return SubmitAnswer(Submitted.NOT_SENT, None, None, why, b"")
            case NoReply(why):
                return SubmitAnswer(Submitted.UNKNOWN, None, None, why, b"")
            case Reply():
                return self._submitted(message_id, got)

    def query(self, message_id: str) -> QueryAnswer:
        """QRYBAT."""
        got = self._ask("QRYBAT", {"BATNO": message_id})
        match got:
            case NoReply(why):
                return QueryAnswer(Queried.NO_ANSWER, None, (), why, b"")
            case _Unreadable(why, raw):
                return QueryAnswer(Queried.NO_ANSWER, None, (), why, raw)
            case (message, raw):
                return self._found(message_id, message, raw)

    def balance(self, account: str) -> BalanceReport | NoAnswer:
        """QRYBAL."""
        got = self._ask("QRYBAL", {"ACCNO": account})
        match got:
            case NoReply(why):
                return NoAnswer(why)
            case _Unreadable(why, raw):
                return NoAnswer(why, raw)
            case (message, raw):
                if message.retcode != _DONE:
                    return NoAnswer(_said(message), raw)
                try:
                    report = read_balance(message)
                except SluiceError as error:
                    return NoAnswer(str(error), raw)
                if report.account != account:
                    return NoAnswer(f"an answer about account {report.account}", raw)
                return report

    def statements(self, account: str, after: int) -> FetchedStatements | NoAnswer:
        """QRYSTM."""
        got = self._ask("QRYSTM", {"ACCNO": account, "AFTERSEQ": str(after)})
        match got:
            case NoReply(why):
                return NoAnswer(why)
            case _Unreadable(why, raw):
                return NoAnswer(why, raw)
            case (message, raw):
                if message.retcode != _DONE:
                    return NoAnswer(_said(message), raw)
                read = read_statements(message)
                fetched = [
                    FetchedStatement(s, raw, of_statement(read.findings, place))
                    for place, s in enumerate(read.statements)
                ]
                return FetchedStatements(tuple(fetched), read.more, read.findings)

    def close(self) -> None:
        """Give connections back."""
        self._http.close()

    # -- inside -------------------------------------------------------------------------

    def _submitted(self, message_id: str, reply: Reply) -> SubmitAnswer:
        try:
            message = read_message(reply.body)
        except FormatError as error:
            why = f"HTTP {reply.status}: {error}"
            return SubmitAnswer(Submitted.UNKNOWN, None, None, why, reply.body)
        outcome = Submitted.UNKNOWN
        named = text_of(message.body, "BATNO")
        if reply.status == 200 and message.trcode in ("PAYBAT", "COLBAT"):
            if message.retcode == _ACCEPTED and named == message_id:
                outcome = Submitted.ACCEPTED
            elif message.retcode in self.profile.codes.refused and named in (None, message_id):
                outcome = Submitted.REJECTED
        return SubmitAnswer(outcome, message.retcode, None, message.retmsg, reply.body)

    def _found(self, message_id: str, message: CnMessage, raw: bytes) -> QueryAnswer:
        if message.retcode == _NOT_FOUND:
            return QueryAnswer(Queried.NOT_FOUND, None, (), message.retmsg, raw)
        if message.retcode != _DONE or text_of(message.body, "BATNO") != message_id:
            return QueryAnswer(Queried.NO_ANSWER, None, (), _said(message), raw)
        items = tuple(
            ItemStatus(
                item.instruction_id,
                self._reading(item.status),
                item.status,
                None,
                item.text,
                item.bank_reference,
            )
            for item in read_items(message)
        )
        return QueryAnswer(Queried.FOUND, None, items, message.retmsg, raw)

    def _reading(self, status: str | None) -> Reading:
        codes = self.profile.codes
        for listed, reading in (
            (codes.paid, Reading.PAID),
            (codes.pending, Reading.PENDING),
            (codes.rejected, Reading.REJECTED),
        ):
            if status in listed:
                return reading
        return Reading.UNKNOWN

    def _ask(
        self, trcode: str, fields: dict[str, str]
    ) -> tuple[CnMessage, bytes] | _Unreadable | NoReply:
        now = self._setup.clock.now().astimezone(self.profile.zone)
        serial = uuid.uuid4().hex[:20].upper()
        template = find_template("query.xml.j2", (self.profile.id, self.profile.connector))
        request = write_query(template, self._setup.renderer, trcode, serial, now, fields)
        got = self._http.exchange("POST", _PATH, request, _TYPE)
        if not isinstance(got, Reply):
            return NoReply(got.why)
        if got.status != 200:
            return _Unreadable(f"HTTP {got.status}", got.body)
        try:
            message = read_message(got.body)
        except FormatError as error:
            return _Unreadable(str(error), got.body)
        if message.trcode != trcode:
            return _Unreadable(f"an answer to {message.trcode}", got.body)
        return message, got.body


def _said(message: CnMessage) -> str:
    return f"{message.retcode} {message.retmsg or ''}".strip()
