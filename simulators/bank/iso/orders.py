"""Reading pain.001 and pain.008 into the bank's orders; checks a schema cannot make."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from lxml import etree

from simulators.bank.iso.documents import message_name, validate
from simulators.bank.orders import OrderItem
from simulators.common.money import BadAmount, to_minor
from simulators.common.xml import BadXml, local_name


class Rejected(Exception):
    """The whole message is refused: ISO reason code and a sentence."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


@dataclass(frozen=True)
class PainMessage:
    """A readable message: its ids and its items."""

    message_id: str
    name: str
    items: list[OrderItem]


def _find(element: etree._Element, path: str) -> etree._Element | None:
    return element.find("/".join(f"{{*}}{step}" for step in path.split("/")))


def _text(element: etree._Element, *paths: str) -> str:
    """Text at the first path that exists, trimmed; empty when none does."""
    for path in paths:
        found = _find(element, path)
        if found is not None and found.text:
            return found.text.strip()
    return ""


def _all(element: etree._Element, tag: str) -> list[etree._Element]:
    return [child for child in element if local_name(child) == tag]


def message_id_of(root: etree._Element) -> str:
    """GrpHdr/MsgId, or empty when the message is too broken to have one."""
    for child in root:
        found = _text(child, "GrpHdr/MsgId")
        if found:
            return found[:35]
    return ""


def read_message(root: etree._Element) -> PainMessage:
    """The orders of a pain.001 or pain.008; raises Rejected."""
    try:
        name = message_name(root)
        validate(root, name)
    except BadXml as error:
        raise Rejected("FF01", str(error)) from error
    body = root[0]
    header = _all(body, "GrpHdr")[0]
    transaction_tag = "CdtTrfTxInf" if name.startswith("pain.001") else "DrctDbtTxInf"
    items: list[OrderItem] = []
    for information in _all(body, "PmtInf"):
        transactions = _all(information, transaction_tag)
        _check_totals(information, transactions)
        items.extend(_item(information, transaction) for transaction in transactions)
    _check_totals(header, [t for i in _all(body, "PmtInf") for t in _all(i, transaction_tag)])
    return PainMessage(_text(header, "MsgId"), name, items)


def _amount_element(transaction: etree._Element) -> etree._Element:
    for path in ("Amt/InstdAmt", "InstdAmt"):
        found = _find(transaction, path)
        if found is not None:
            return found
    raise Rejected("FF01", "only InstdAmt is accepted as amount")


def _check_totals(holder: etree._Element, transactions: list[etree._Element]) -> None:
    count, control = _text(holder, "NbOfTxs"), _text(holder, "CtrlSum")
    if count and int(count) != len(transactions):
        raise Rejected("AM18", f"NbOfTxs is {count}, the message holds {len(transactions)}")
    if not control:
        return
    try:
        total = sum((Decimal(_amount_element(t).text or "") for t in transactions), Decimal(0))
        given = Decimal(control)
    except InvalidOperation as error:
        raise Rejected("AM10", "CtrlSum is not a number") from error
    if given != total:
        raise Rejected("AM10", f"CtrlSum is {control}, the items sum up to {total}")


def _requested_date(information: etree._Element) -> date | None:
    text = _text(information, "ReqdExctnDt", "ReqdExctnDt/Dt", "ReqdExctnDt/DtTm", "ReqdColltnDt")
    try:
        return datetime.fromisoformat(text).date() if text else None
    except ValueError as error:
        raise Rejected("DT01", f"{text} is not a date this bank reads") from error


def _item(information: etree._Element, transaction: etree._Element) -> OrderItem:
    paying = local_name(transaction) == "CdtTrfTxInf"
    own, other = ("Dbtr", "Cdtr") if paying else ("Cdtr", "Dbtr")
    element = _amount_element(transaction)
    currency = element.get("Ccy", "")
    try:
        amount = to_minor(element.text or "", currency)
    except BadAmount as error:
        raise Rejected("AM12", str(error)) from error
    if amount <= 0:
        raise Rejected("AM01", "an amount is zero")
    end_to_end_id = _text(transaction, "PmtId/EndToEndId")
    counterparty_account = _account(transaction, f"{other}Acct")
    if not counterparty_account:
        raise Rejected("AC03" if paying else "AC02", f"{end_to_end_id}: {other}Acct is missing")
    agent = f"{other}Agt/FinInstnId"
    return OrderItem(
        payment_info_id=_text(information, "PmtInfId"),
        instruction_id=_text(transaction, "PmtId/InstrId") or end_to_end_id,
        end_to_end_id=end_to_end_id,
        direction="pay" if paying else "collect",
        account=_account(information, f"{own}Acct"),
        counterparty_account=counterparty_account,
        counterparty_name=_text(transaction, f"{other}/Nm"),
        counterparty_bank=_text(
            transaction, f"{agent}/ClrSysMmbId/MmbId", f"{agent}/BIC", f"{agent}/BICFI"
        ),
        amount=amount,
        currency=currency,
        remittance=_remittance(transaction),
        requested_date=_requested_date(information),
    )


def _account(element: etree._Element, tag: str) -> str:
    return _text(element, f"{tag}/Id/Othr/Id", f"{tag}/Id/IBAN")


def _remittance(transaction: etree._Element) -> str:
    information = _find(transaction, "RmtInf")
    if information is None:
        return ""
    return " ".join(child.text or "" for child in _all(information, "Ustrd"))[:140]
