"""Administration: accounts, clock, credits and debits, bounces, statements, faults, figures."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from simulators.bank.books import Booking, Entry, amount_of, short_text
from simulators.bank.bounces import bounce
from simulators.bank.clock import moment, parse_instant
from simulators.bank.core import Bank
from simulators.bank.faults.queue import FaultQueue
from simulators.bank.folder import answer_folder
from simulators.common.fields import Fields, Refused, parse_json
from simulators.common.http import Request, Response, json_response
from simulators.common.money import to_major

_BOOKING_FIELDS: Final = (
    *("account", "amount", "counterparty_name", "counterparty_account"),
    *("remittance", "end_to_end_id"),
)


def _accounts(bank: Bank, request: Request) -> Response:
    given = parse_json(request.body)
    if not isinstance(given, list):
        raise Refused("a list of accounts is expected")
    with bank.present():
        for account in given:
            bank.books.register(Fields(account, "account"))
    return json_response({"accounts": len(given)})


def _list_accounts(bank: Bank, _request: Request) -> Response:
    with bank.present():
        accounts = bank.books.accounts()
        held = {account.number: bank.books.held(account.number) for account in accounts}
    return json_response(
        [
            {
                "number": account.number,
                "name": account.name,
                "currency": account.currency,
                "kind": account.kind,
                "state": account.state,
                "refuse": account.refuse,
                "bank_code": account.bank_code,
                "overdraft": to_major(account.overdraft, account.currency),
                "balance": _known(account.balance, account.currency),
                "available": _known(
                    None if account.balance is None else account.balance - held[account.number],
                    account.currency,
                ),
            }
            for account in accounts
        ]
    )


def _known(minor: int | None, currency: str) -> str | None:
    return None if minor is None else to_major(minor, currency)


def _set_clock(bank: Bank, request: Request) -> Response:
    given = Fields(parse_json(request.body), "clock")
    given.only(("now", "frozen"))
    now = parse_instant(given.text("now")) if given.has("now") else None
    bank.set_clock(now, given.flag("frozen", False) if given.has("frozen") else None)
    return _clock(bank, request)


def _clock(bank: Bank, _request: Request) -> Response:
    with bank.present() as now:
        shown = moment(now).isoformat(timespec="milliseconds")
        return json_response({"now": shown, "frozen": bank.clock.frozen})


def _credit(bank: Bank, request: Request) -> Response:
    return _book(bank, request, 1, "receipt")


def _debit(bank: Bank, request: Request) -> Response:
    return _book(bank, request, -1, "debit")


def _book(bank: Bank, request: Request, sign: int, kind: str) -> Response:
    given = Fields(parse_json(request.body), kind)
    given.only(_BOOKING_FIELDS)
    with bank.present() as now:
        account = bank.books.own(given.text("account"))
        if account is None:
            raise Refused(f"{given.text('account')} is no own account at this bank", 404)
        if account.state == "closed":
            raise Refused(f"{account.number} is closed", 409)
        amount = amount_of(given, "amount", account.currency)
        if amount <= 0:
            raise Refused("amount must be more than 0")
        entry = Entry(
            account=account.number,
            amount=sign * amount,
            kind=kind,
            counterparty_account=short_text(given, "counterparty_account", 34, ""),
            counterparty_name=short_text(given, "counterparty_name", 140, ""),
            remittance=short_text(given, "remittance", 140, ""),
            end_to_end_id=short_text(given, "end_to_end_id", 35, ""),
        )
        return _booked(bank.books.book(entry, now), account.currency)


def _fund(bank: Bank, request: Request) -> Response:
    """Put money on a counterparty's account that the bank knows the balance of."""
    given = Fields(parse_json(request.body), "fund")
    given.only(("account", "amount"))
    with bank.present():
        account = bank.books.account(given.text("account"))
        if account is None or account.kind != "external" or account.balance is None:
            raise Refused(f"{given.text('account')} has no known balance at this bank", 404)
        bank.books.move_external(account, amount_of(given, "amount", account.currency))
        return json_response({"account": account.number})


def _silence(bank: Bank, request: Request) -> Response:
    """Let statement lines with a counterparty carry neither reference nor text."""
    given = Fields(parse_json(request.body), "silence")
    given.only(("counterparty_account",))
    with bank.present():
        bank.books.silence(given.text("counterparty_account"))
        return json_response({"counterparty_account": given.text("counterparty_account")})


def _files(bank: Bank, request: Request) -> Response:
    """Look into a folder of payment files."""
    given = Fields(parse_json(request.body), "files")
    given.only(("folder",))
    folder = Path(given.text("folder"))
    if not folder.is_dir():
        raise Refused(f"{folder} is no folder", 404)
    return json_response(answer_folder(bank, folder))


def _bounce(bank: Bank, request: Request) -> Response:
    given = Fields(parse_json(request.body), "bounce")
    given.only(("instruction_id", "reason"))
    with bank.present() as now:
        reason = short_text(given, "reason", 105)
        booking = bounce(bank.store, bank.books, given.text("instruction_id"), reason, now)
        account = bank.books.account(booking.entry.account)
        return _booked(booking, account.currency if account else "CNY")


def _booked(booking: Booking, currency: str) -> Response:
    return json_response(
        {
            "bank_reference": booking.bank_reference,
            "balance": to_major(booking.balance, currency),
            "booked_at": moment(booking.booked_at).isoformat(timespec="seconds"),
        },
        201,
    )


def _cut(bank: Bank, request: Request) -> Response:
    given = Fields(parse_json(request.body or b"{}"), "cut")
    given.only(("account", "empty"))
    empty = given.flag("empty", False)
    with bank.present() as now:
        if given.has("account"):
            account = bank.books.own(given.text("account"))
            if account is None:
                raise Refused(f"{given.text('account')} is no own account at this bank", 404)
            one = bank.statements.cut(account, now, empty)
            cut = [] if one is None else [one]
        else:
            cut = bank.statements.cut_all(now, empty)
        currencies = {account.number: account.currency for account in bank.books.accounts()}
    return json_response(
        [
            {
                "account": statement.account,
                "sequence": statement.sequence,
                "date": f"{moment(statement.to_at):%Y-%m-%d}",
                "opening": to_major(statement.opening, currencies[statement.account]),
                "closing": to_major(statement.closing, currencies[statement.account]),
            }
            for statement in cut
        ]
    )


def _add_faults(bank: Bank, request: Request) -> Response:
    given = Fields(parse_json(request.body), "faults")
    given.only(("next", "clear"))
    queue = FaultQueue(bank.store)
    with bank.store.transaction():
        if given.flag("clear", False):
            queue.clear()
        for fault in given.objects("next") if given.has("next") else []:
            queue.add(fault)
    return _list_faults(bank, request)


def _list_faults(bank: Bank, _request: Request) -> Response:
    return json_response({"waiting": FaultQueue(bank.store).waiting()})


def _executions(bank: Bank, _request: Request) -> Response:
    with bank.present():
        rows = bank.store.rows(
            """SELECT m.message_id, i.* FROM item i JOIN message m ON m.id = i.message
               WHERE i.state = 'executed' ORDER BY i.executed_at, i.id"""
        )
    return json_response(
        [
            {
                "message_id": row["message_id"],
                "instruction_id": row["instruction_id"],
                "direction": row["direction"],
                "account": row["account"],
                "amount": to_major(row["amount"], row["currency"]),
                "currency": row["currency"],
                "counterparty_account": row["counterparty_account"],
                "executed_at": moment(row["executed_at"]).isoformat(timespec="seconds"),
            }
            for row in rows
        ]
    )


def _stats(bank: Bank, _request: Request) -> Response:
    with bank.present():
        items = bank.store.rows("SELECT state, count(*) AS n FROM item GROUP BY state")
        counters = bank.store.rows("SELECT name, count FROM counter ORDER BY name")
        figures = {
            "messages": bank.store.number("SELECT count(*) FROM message WHERE refusal = ''"),
            "messages_refused": bank.store.number(
                "SELECT count(*) FROM message WHERE refusal <> ''"
            ),
            "bounced": bank.store.number("SELECT count(*) FROM item WHERE bounced_at IS NOT NULL"),
            "bookings": bank.store.number("SELECT count(*) FROM booking"),
            "statements": bank.store.number("SELECT count(*) FROM statement"),
        }
    states = {row["state"]: row["n"] for row in items}
    return json_response(
        figures
        | {f"items_{state}": states.get(state, 0) for state in ("pending", "executed", "refused")}
        | {"calls": {row["name"]: row["count"] for row in counters}}
    )


_ROUTES: Final[Mapping[tuple[str, str], Callable[[Bank, Request], Response]]] = {
    ("POST", "accounts"): _accounts,
    ("GET", "accounts"): _list_accounts,
    ("POST", "clock"): _set_clock,
    ("GET", "clock"): _clock,
    ("POST", "credit"): _credit,
    ("POST", "debit"): _debit,
    ("POST", "bounce"): _bounce,
    ("POST", "fund"): _fund,
    ("POST", "silence"): _silence,
    ("POST", "files"): _files,
    ("POST", "cut"): _cut,
    ("POST", "faults"): _add_faults,
    ("GET", "faults"): _list_faults,
    ("GET", "executions"): _executions,
    ("GET", "stats"): _stats,
}


def administer(bank: Bank, request: Request) -> Response:
    """Answer one call under /admin; raises Refused."""
    route = _ROUTES.get((request.method, "/".join(request.parts[1:])))
    if route is None:
        raise Refused(f"there is no {request.method} {request.path}", 404)
    return route(bank, request)
