"""The one address of bank_b: the transaction code says what is wanted."""

from collections.abc import Callable
from functools import partial
from typing import Final

from lxml import etree

from simulators.bank.books import Account
from simulators.bank.clock import moment
from simulators.bank.cn.messages import (
    Envelope,
    answer_root,
    body_of,
    field,
    read_envelope,
    to_response,
)
from simulators.bank.cn.orders import DIRECTIONS, Rejected, read_batch
from simulators.bank.cn.statements import add_statement
from simulators.bank.core import Bank
from simulators.bank.dialect import STRAIGHT, Call, Twist
from simulators.bank.orders import ItemStatus, Message, OrderItem, body_hash, twisted
from simulators.bank.refusals import refusal
from simulators.common.http import Request, Response
from simulators.common.money import to_major
from simulators.common.xml import BadXml, add

_CALLS: Final = {
    "PAYBAT": "submit",
    "COLBAT": "submit",
    "QRYBAT": "query",
    "QRYBAL": "balance",
    "QRYSTM": "statement",
}
_STATEMENTS_AT_ONCE: Final = 20


def _stamp(now: int) -> str:
    return f"{moment(now):%Y%m%d%H%M%S}"


class CnDialect:
    """See docs/simulators.md, bank_b."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank

    def describe(self, request: Request) -> Call | None:
        """By transaction code; unreadable requests count as submissions."""
        if (request.method, request.parts) != ("POST", ("cgi", "gateway")):
            return None
        text = request.body.decode("gb18030", "replace")
        try:
            envelope = read_envelope(request.body)
        except BadXml:
            return Call("submit", "", text)
        on = _CALLS.get(envelope.code, "submit")
        shows = on == "statement"
        return Call(on, field(envelope.body, "BATNO"), text, lists=shows, lines=shows)

    def answer(self, request: Request, twist: Twist = STRAIGHT) -> Response:
        """Do what the transaction code says; HTTP 400 only for what is no CMS message."""
        try:
            envelope = read_envelope(request.body)
        except BadXml as error:
            return self._refuse(None, "E001", str(error), 400)
        actions: dict[str, Callable[[Envelope], Response]] = {
            "QRYBAT": partial(self._status, twist=twist),
            "QRYBAL": self._balance,
            "QRYSTM": partial(self._statements, twist=twist),
        }
        try:
            if envelope.code in DIRECTIONS:
                return self._submit(request.body, envelope)
            action = actions.get(envelope.code)
            if action is None:
                raise Rejected("E009", envelope.code)
            return action(envelope)
        except Rejected as rejected:
            return self._refuse(envelope, rejected.code, rejected.text)

    def not_found(self, request: Request) -> Response:
        """E404, batch not found."""
        return self._refuse(self._readable(request), "E404", "")

    def failure(self, request: Request, status: int) -> Response:
        """An HTTP failure with a message of the gateway's own."""
        code = "E901" if status == 503 else "E999"
        return self._refuse(self._readable(request), code, "", status)

    def _readable(self, request: Request) -> Envelope | None:
        try:
            return read_envelope(request.body)
        except BadXml:
            return None

    def _refuse(
        self, envelope: Envelope | None, code: str, detail: str, status: int = 200
    ) -> Response:
        now = _stamp(self._bank.clock.now())
        return to_response(answer_root(envelope, code, now, detail), status)

    def _submit(self, body: bytes, envelope: Envelope) -> Response:
        """A refused batch leaves nothing behind: its number is not known afterwards."""
        batch, items = read_batch(envelope)
        with self._bank.present() as now:
            account = self._own(items[0].account)
            if account.currency != items[0].currency:
                raise Rejected("E001", f"CCY {account.currency}")
            self._refuse_duplicates(batch, items)
            root = answer_root(envelope, "0001", _stamp(now))
            add(body_of(root), "BATNO", batch)
            response = to_response(root)
            message = Message(
                id=0,
                message_id=batch,
                name=envelope.code,
                body_hash=body_hash(body),
                refusal="",
                refusal_text="",
                answer_status=response.status,
                answer=response.body,
                accepted_at=now,
            )
            self._bank.orders.accept(self._bank.orders.remember(message), items, now)
            return response

    def _refuse_duplicates(self, batch: str, items: list[OrderItem]) -> None:
        if not self._bank.options.deduplicates:
            return
        if self._bank.orders.find(batch) is not None:
            self._bank.count("duplicate messages")
            raise Rejected("E004", batch)
        if len({item.instruction_id for item in items}) != len(items):
            raise Rejected("E001", "REFNO")
        held = self._bank.orders.held_ids(items)
        if held:
            raise Rejected("E004", f"REFNO {min(held)}")

    def _status(self, envelope: Envelope, twist: Twist) -> Response:
        batch = field(envelope.body, "BATNO")
        if not self._bank.options.queryable:
            raise Rejected("E009", envelope.code)
        with self._bank.present() as now:
            items = twisted(self._bank.orders.statuses(batch), twist)
        if not items:
            raise Rejected("E404", "")
        root = answer_root(envelope, "0000", _stamp(now))
        body = body_of(root)
        add(body, "BATNO", batch)
        listed = add(body, "LIST")
        for item in items:
            _add_status(listed, item)
        return to_response(root)

    def _own(self, number: str) -> Account:
        account = self._bank.books.own(number)
        if account is None:
            raise Rejected("E003", number)
        return account

    def _balance(self, envelope: Envelope) -> Response:
        with self._bank.present() as now:
            account = self._own(field(envelope.body, "ACCNO"))
            held = self._bank.books.held(account.number)
        book = account.balance or 0
        root = answer_root(envelope, "0000", _stamp(now))
        body = body_of(root)
        add(body, "ACCNO", account.number)
        add(body, "CCY", account.currency)
        add(body, "BOOKBAL", to_major(book, account.currency))
        add(body, "USEBAL", to_major(book - held, account.currency))
        add(body, "BALTIME", _stamp(now))
        return to_response(root)

    def _statements(self, envelope: Envelope, twist: Twist) -> Response:
        after = field(envelope.body, "AFTERSEQ") or "0"
        if not (after.isascii() and after.isdigit() and len(after) < 19):
            raise Rejected("E001", "AFTERSEQ")
        with self._bank.present() as now:
            account = self._own(field(envelope.body, "ACCNO"))
            found = self._bank.statements.after(account.number, int(after), _STATEMENTS_AT_ONCE + 1)
            found = found[int(twist.gap) :]
            shown = [(s, self._bank.statements.bookings(s)) for s in found[:_STATEMENTS_AT_ONCE]]
        if twist.doubled and shown:
            first, bookings = shown[0]
            shown[0] = (first, bookings[:1] + bookings)
        root = answer_root(envelope, "0000", _stamp(now))
        body = body_of(root)
        add(body, "ACCNO", account.number)
        listed = add(body, "LIST")
        for statement, bookings in shown:
            add_statement(listed, account, statement, bookings)
        if len(found) > _STATEMENTS_AT_ONCE:
            add(body, "MORE", "1")
        return to_response(root)


def _add_status(parent: etree._Element, item: ItemStatus) -> None:
    if item.state == "refused":
        reason = refusal(item.code)
        code, text = reason.cn, reason.chinese
    else:
        code, text = ("0000", "交易成功") if item.state == "executed" else ("0002", "处理中")
    line = add(parent, "ITEM")
    add(line, "REFNO", item.instruction_id)
    add(line, "STAT", code)
    add(line, "STATMSG", text)
    add(line, "BANKSEQ", item.bank_reference)
