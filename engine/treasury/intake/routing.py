"""Routing: rules give channel and nature; code picks the account and keeps the barriers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from sqlmodel import Session, col, select

from engine.base.text import SluiceError, Text
from engine.rulebook import Matter
from engine.rules.kinds.routing import Route
from engine.treasury.accounts.barriers import NATURES_FOR, Direction, refusal
from engine.treasury.accounts.models import BankAccount
from engine.treasury.documents import course
from engine.treasury.documents.course import RouteTaken
from engine.treasury.documents.models import Document
from engine.treasury.documents.states import State
from engine.treasury.intake import facts
from engine.treasury.intake.columns import SUBJECTS
from engine.treasury.intake.reasons import Reason
from engine.treasury.intake.run import BASE_CURRENCY, SYSTEM, Run, Waiting, key
from engine.treasury.organisations.models import LegalEntityPair

NEEDS_DIRECT = frozenset({"bank_direct"})
"""Channels that need an account a connector reaches."""

WITHOUT_ACCOUNT = frozenset({"cash"})
"""Channels that move no bank money when the rules name no nature."""

BANK_DIGITS = 3
"""First digits of a CNAPS code: the bank."""


_NO_ROUTE = Text("no routing rule matches; add one and wait", "没有适用的路由规则；请补充并等待")


@dataclass(frozen=True, slots=True)
class NoAccount:
    """No account fits: why the document waits."""

    code: str
    text: Text


class Accounts:
    """All accounts and allowed pairs of legal entities, read once for a pass."""

    def __init__(self, session: Session, run: Run) -> None:
        self._run = run
        self._all = list(session.exec(select(BankAccount).order_by(col(BankAccount.id))))
        self._pairs = {(p.from_id, p.to_id) for p in session.exec(select(LegalEntityPair))}
        self._lines: dict[str, list[BankAccount]] = {}

    def upwards(self, org_id: str) -> list[BankAccount]:
        """Accounts of the organisation and those above it, nearest first."""
        line = self._lines.get(org_id)
        if line is None:
            rank = {one: at for at, one in enumerate(reversed(self._run.path(org_id)))}
            line = sorted(
                (a for a in self._all if a.org_id in rank), key=lambda a: (rank[a.org_id], a.id)
            )
            self._lines[org_id] = line
        return line

    def has_currency(self, document: Document) -> bool:
        """Whether anybody upwards has an account in the document's currency."""
        return any(a.currency == document.currency for a in self.upwards(document.org_id))

    def same_bank(self, document: Document) -> bool:
        """Whether an account that may serve the document is at the counterparty's own bank."""
        bank = _bank(document.counterparty_bank_code)
        return bank is not None and any(
            _bank(a.cnaps) == bank and a.currency == document.currency
            for a in self.upwards(document.org_id)
            if refusal(a, _direction(document)) is None and self._entities_agree(document, a)
        )

    def pick(self, document: Document, route: Route) -> BankAccount | NoAccount:
        """The nearest account that fits the route, the currency and every barrier."""
        fitting = [a for a in self.upwards(document.org_id) if self._fits(document, route, a)]
        blocked: NoAccount | None = None
        for account in fitting:
            error: SluiceError | None = refusal(account, _direction(document))
            if error is None and not self._entities_agree(document, account):
                error = _entity_barred(account)
            if error is None:
                return account
            blocked = blocked or NoAccount(error.code, error.text)
        return blocked or _none_fits(document, route)

    def _fits(self, document: Document, route: Route, account: BankAccount) -> bool:
        if account.currency != document.currency:
            return False
        if route.channel in NEEDS_DIRECT and not account.direct:
            return False
        natures = (
            {route.account_nature} if route.account_nature else NATURES_FOR[document.direction]
        )
        if account.nature not in natures:
            return False
        if route.account_of == "own" and account.org_id != document.org_id:
            return False
        if route.account_of == "head_office":
            root = self._run.path(document.org_id)[0]
            if account.org_id != root:
                return False
        if route.bank == "same":
            return _bank(account.cnaps) == _bank(document.counterparty_bank_code)
        return route.bank is None or account.bank_id == route.bank

    def _entities_agree(self, document: Document, account: BankAccount) -> bool:
        """Money of one company leaves or enters through another's account only by the pairs."""
        own = self._run.tree[document.org_id].legal_entity_id
        pair = (account.legal_entity_id, own)
        if document.direction == "collect":
            pair = (own, account.legal_entity_id)
        return pair[0] == pair[1] or pair in self._pairs


def route(run: Run, documents: Sequence[Document]) -> tuple[list[int], dict[int, list[Reason]]]:
    """Route checked documents and put them into their batch (BATCHED).

    Returns the ids that went on, and those to return to their source (currency). The others wait:
    NO_RULESET, NO_ACCOUNT, ACCOUNT_FROZEN, ACCOUNT_CLOSED, ENTITY_BARRED, NATURE_BARRED, NO_RATE,
    or the code of the refused decision.
    """
    accounts = Accounts(run.session, run)
    waiting = Waiting()
    routes: list[RouteTaken] = []
    decisions: dict[int, list[int]] = {}
    returned: dict[int, list[Reason]] = {}
    for document in documents:
        one = key(document)
        if document.currency != BASE_CURRENCY:
            _other_currency(document, accounts, waiting, returned)
            continue
        try:
            recorded = run.pinned.decide(
                run.session,
                "routing",
                SUBJECTS[document.direction],
                facts.to_route(
                    document,
                    same_bank=accounts.same_bank(document),
                    org_level=run.level(document.org_id),
                ),
                org_path=run.path(document.org_id),
                on=run.today,
                matter=Matter("document", str(one)),
                now=run.now,
            )
        except SluiceError as error:
            waiting.add(document, error.code, error.text)
            continue
        if not recorded.outcomes:
            waiting.add(document, "NO_ROUTE", _NO_ROUTE)
            continue
        chosen = cast(Route, recorded.outcomes[0])
        if chosen.channel in WITHOUT_ACCOUNT and chosen.account_nature is None:
            routes.append(RouteTaken(one, chosen.channel, None))
        else:
            account = accounts.pick(document, chosen)
            if isinstance(account, NoAccount):
                waiting.add(document, account.code, account.text)
                continue
            routes.append(RouteTaken(one, chosen.channel, account.id))
        decisions[one] = [recorded.decision_id]
    waiting.write(run)
    course.set_routes(run.session, routes)
    gone_on = [taken.document_id for taken in routes]
    course.transition(
        run.session,
        gone_on,
        State.BATCHED,
        actor=SYSTEM,
        now=run.now,
        decision_ids=decisions,
    )
    return gone_on, returned


def _other_currency(
    document: Document,
    accounts: Accounts,
    waiting: Waiting,
    returned: dict[int, list[Reason]],
) -> None:
    """Thresholds compare base-currency amounts, never two currencies."""
    if accounts.has_currency(document):
        waiting.add(
            document,
            "NO_RATE",
            Text(
                f"no exchange rate from {document.currency} to {BASE_CURRENCY} is kept; "
                "the document waits",
                f"未维护 {document.currency} 对 {BASE_CURRENCY} 的汇率；单据等待",
            ),
        )
        return
    returned[key(document)] = [
        Reason(
            "CURRENCY_MISMATCH",
            "currency",
            Text(
                f"no account of {document.org_id} or above is in {document.currency}; "
                "send the document in the account's currency",
                f"{document.org_id} 及上级机构没有 {document.currency} 账户;请按账户币种重新提交",
            ),
        )
    ]


def _entity_barred(account: BankAccount) -> SluiceError:
    return SluiceError(
        "ENTITY_BARRED",
        Text(
            f"account {account.number} belongs to {account.legal_entity_id}, and the master data "
            "allow no money between the two legal entities; allow the pair or open an account",
            f"账户 {account.number} 属于法人 {account.legal_entity_id},主数据不允许两法人间划款;"
            "请维护法人关系或另行开户",
        ),
    )


def _none_fits(document: Document, route: Route) -> NoAccount:
    nature = route.account_nature or "/".join(sorted(NATURES_FOR[document.direction]))
    return NoAccount(
        "NO_ACCOUNT",
        Text(
            f"no {nature} account in {document.currency} from {document.org_id} upwards fits "
            f"{route.channel}; open one or change the routing",
            f"自 {document.org_id} 向上没有适合 {route.channel} 的 "
            f"{document.currency} {nature} 账户;请开户或调整路由规则",
        ),
    )


def _bank(cnaps: str | None) -> str | None:
    return cnaps[:BANK_DIGITS] if cnaps and len(cnaps) >= BANK_DIGITS else None


def _direction(document: Document) -> Direction:
    return cast(Direction, document.direction)
