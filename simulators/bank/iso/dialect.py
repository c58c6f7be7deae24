"""The addresses of an ISO 20022 bank: payments in, status, balances and statements out."""

from typing import Final
from urllib.parse import quote

from lxml import etree

from simulators.bank.books import Account
from simulators.bank.clock import moment
from simulators.bank.core import Bank
from simulators.bank.dialect import STRAIGHT, Call, Twist
from simulators.bank.iso.camt import balance_report, statement_document
from simulators.bank.iso.documents import NAMESPACE
from simulators.bank.iso.orders import (
    PainMessage,
    Rejected,
    message_id_of,
    read_message,
)
from simulators.bank.iso.status import GroupAnswer, group_status, status_report
from simulators.bank.orders import Message, body_hash, twisted
from simulators.common.fields import Refused
from simulators.common.http import XML_UTF8, Request, Response, json_response
from simulators.common.xml import BadXml, parse

_EMPTY_404: Final = Response(404, b"", "text/plain; charset=utf-8")


def _xml(status: int, body: bytes) -> Response:
    return Response(status, body, XML_UTF8)


class IsoDialect:
    """See docs/simulators.md, bank_a."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank

    def describe(self, request: Request) -> Call | None:
        """By address; for a submission the message id is looked up in the body."""
        match request.method, request.parts:
            case "POST", ("iso", "payments"):
                text = request.body.decode("utf-8", "replace")
                return Call("submit", _message_id(request.body), text)
            case "GET", ("iso", "payments", message_id):
                return Call("query", message_id, request.path)
            case "GET", ("iso", "accounts", _, "balance"):
                return Call("balance", "", request.path)
            case "GET", ("iso", "accounts", _, "statements", *one):
                return Call("statement", "", request.path, lists=not one, lines=bool(one))
        return None

    def answer(self, request: Request, twist: Twist = STRAIGHT) -> Response:
        """Do what the address says; raises Refused for an address that names nothing."""
        match request.method, request.parts:
            case "POST", _:
                return self._submit(request.body)
            case _, ("iso", "payments", message_id):
                return self._status(message_id, twist)
            case _, ("iso", "accounts", number, "balance"):
                return self._balance(number)
            case _, ("iso", "accounts", number, "statements"):
                return self._statements(number, request.query.get("after", "0"), twist)
            case _, ("iso", "accounts", number, "statements", sequence):
                return self._statement(number, sequence, twist)
        return _EMPTY_404

    def not_found(self, _request: Request) -> Response:
        """404 with an empty body."""
        return _EMPTY_404

    def failure(self, _request: Request, status: int) -> Response:
        """A plain HTTP failure."""
        return Response(status, b"", "text/plain; charset=utf-8")

    def _submit(self, body: bytes) -> Response:
        try:
            root = parse(body)
        except BadXml as error:
            return _xml(400, self._rejection("", "", Rejected("FF01", str(error))))
        message_id = message_id_of(root)
        name = (etree.QName(root).namespace or "").removeprefix(NAMESPACE)[:35]
        try:
            message = read_message(root)
        except Rejected as rejected:
            return self._remember_rejection(body, message_id, name, rejected)
        try:
            return self._accept(body, message)
        except Rejected as rejected:
            return self._remember_rejection(body, message_id, name, rejected)

    def _accept(self, body: bytes, message: PainMessage) -> Response:
        with self._bank.present() as now:
            first = self._first_answer(body, message.message_id)
            if first is not None:
                return first
            self._check(message)
            report = status_report(
                GroupAnswer(self._own_id(), message.message_id, message.name, now, "ACTC"), []
            )
            number = self._bank.orders.remember(
                Message(
                    id=0,
                    message_id=message.message_id,
                    name=message.name,
                    body_hash=body_hash(body),
                    refusal="",
                    refusal_text="",
                    answer_status=202,
                    answer=report,
                    accepted_at=now,
                )
            )
            self._bank.orders.accept(number, message.items, now)
            return _xml(202, report)

    def _check(self, message: PainMessage) -> None:
        """Own accounts and, where the bank looks at ids at all, ids used twice in one message."""
        for number, currency in {(item.account, item.currency) for item in message.items}:
            account = self._bank.books.own(number)
            if account is None:
                code = "AC02" if message.name.startswith("pain.001") else "AC03"
                raise Rejected(code, f"{number} is not an account of this customer")
            if account.currency != currency:
                raise Rejected("AM03", f"{number} is kept in {account.currency}")
        ids = {item.instruction_id for item in message.items}
        if self._bank.options.deduplicates and len(ids) != len(message.items):
            raise Rejected("AM05", "an instruction id is used twice in the message")

    def _first_answer(self, body: bytes, message_id: str) -> Response | None:
        """The answer given before, or 409; None when the message is new to this bank."""
        if not self._bank.options.deduplicates:
            return None
        known = self._bank.orders.find(message_id)
        if known is None:
            return None
        self._bank.count("duplicate messages")
        if known.body_hash != body_hash(body):
            return Response(409, b"", "text/plain; charset=utf-8")
        return _xml(known.answer_status, known.answer)

    def _remember_rejection(
        self, body: bytes, message_id: str, name: str, rejected: Rejected
    ) -> Response:
        """Answer RJCT, and know the id from now on, so that a query finds the refusal."""
        with self._bank.present() as now:
            first = self._first_answer(body, message_id) if message_id else None
            if first is not None:
                return first
            report = self._rejection(message_id, name, rejected)
            if message_id:
                self._bank.orders.remember(
                    Message(
                        id=0,
                        message_id=message_id,
                        name=name,
                        body_hash=body_hash(body),
                        refusal=rejected.code,
                        refusal_text=rejected.text,
                        answer_status=400,
                        answer=report,
                        accepted_at=now,
                    )
                )
            return _xml(400, report)

    def _rejection(self, message_id: str, name: str, rejected: Rejected) -> bytes:
        with self._bank.present() as now:
            answer = GroupAnswer(
                self._own_id(), message_id, name, now, "RJCT", rejected.code, rejected.text
            )
        return status_report(answer, [])

    def _status(self, message_id: str, twist: Twist) -> Response:
        if not self._bank.options.queryable:
            return Response(501, b"", "text/plain; charset=utf-8")
        with self._bank.present() as now:
            known = self._bank.orders.find(message_id)
            if known is None:
                return _EMPTY_404
            items = twisted(self._bank.orders.statuses(message_id), twist)
            status = group_status(items) if items else "RJCT"
            code, text = ("", "") if items else (known.refusal, known.refusal_text)
            answer = GroupAnswer(self._own_id(), message_id, known.name, now, status, code, text)
        return _xml(200, status_report(answer, items))

    def _account(self, number: str) -> Account:
        account = self._bank.books.own(number)
        if account is None:
            raise Refused(f"{number} is not an account of this customer", 404)
        return account

    def _balance(self, number: str) -> Response:
        with self._bank.present() as now:
            account = self._account(number)
            held = self._bank.books.held(number)
            return _xml(200, balance_report(account, held, now, self._own_id()))

    def _statements(self, number: str, after: str, twist: Twist) -> Response:
        if not (after.isascii() and after.isdigit() and len(after) < 19):
            raise Refused("after must be a statement's sequence number")
        with self._bank.present():
            self._account(number)
            found = self._bank.statements.after(number, int(after))[int(twist.gap) :]
        return json_response(
            [
                {
                    "sequence": statement.sequence,
                    "date": moment(statement.to_at).date().isoformat(),
                    "href": f"/iso/accounts/{quote(number, safe='')}/statements/"
                    f"{statement.sequence}",
                }
                for statement in found
            ]
        )

    def _statement(self, number: str, sequence: str, twist: Twist) -> Response:
        if not (sequence.isascii() and sequence.isdigit() and len(sequence) < 19):
            return _EMPTY_404
        with self._bank.present():
            account = self._account(number)
            statement = self._bank.statements.find(number, int(sequence))
            if statement is None:
                return _EMPTY_404
            bookings = self._bank.statements.bookings(statement)
        if twist.doubled:
            bookings = bookings[:1] + bookings
        letter = self._bank.profile.letter
        return _xml(200, statement_document(account, statement, bookings, letter))

    def _own_id(self) -> str:
        """A new id for a message of the bank's own."""
        self._bank.count("messages sent")
        number = self._bank.store.number("SELECT count FROM counter WHERE name = 'messages sent'")
        return f"{self._bank.profile.letter}MSG{number:012d}"


def _message_id(body: bytes) -> str:
    try:
        return message_id_of(parse(body))
    except BadXml:
        return ""
