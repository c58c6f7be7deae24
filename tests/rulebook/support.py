"""Small rulesets and shortcuts for the tests of the rulebook."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

from sqlmodel import Session

from engine.rulebook import activate, publish, publish_vocabulary
from engine.rulebook.models import RulesetVersion
from engine.rules.kind import FactValue
from engine.rules.kinds.alerts import PaymentToWatch
from engine.rules.kinds.approval import PaymentToApprove
from engine.rules.model import Derive

SHIPPED = Path(__file__).parents[2] / "rulesets"
NOW = dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 23)
SH = ("GROUP", "SH", "SH01")
BJ = ("GROUP", "BJ")


def approval_text(
    *,
    version: int = 1,
    large: str = "50万",
    name: str = "payment-approval",
    org: str = "GROUP",
    effective: str = "{from: 2020-01-01}",
    word: str = "amount",
) -> str:
    """A small approval ruleset: A1 below `large`, A2 from there on.

    SH has 300,000, or `large` where that is less.
    """
    branch = "30万" if large in {"50万", "45万", "40万"} else large
    return f"""kind: approval
name: {name}
title: {{en: Payment approval, zh: 付款审批}}
version: {version}
effective: {effective}
scope: {{org: {org}, subject: payment}}
params: {{large: {large}}}
adjustable: {{large: down}}
overrides: {{SH: {{large: {branch}}}}}
hit_policy: unique
rules: |
  id | {word} => approvers | sla
  A1 | < $large  => reviewer | 4h
  A2 | >= $large => reviewer > cfo | 24h
examples: |
  branch | {word} => id | approvers
  BJ | 1 => A1 | reviewer
  BJ | 50万 => A2 | reviewer > cfo
"""


def payment(amount: int) -> PaymentToApprove:
    """An ordinary payment of `amount` minor units."""
    return PaymentToApprove(
        amount=amount,
        batch_total=amount,
        currency="CNY",
        business_type="claim",
        creditor_type="claimant",
        urgency="normal",
        channel="bank_direct",
        org_level="branch",
        extra_approver=False,
        duplicate=False,
    )


def watched(amount: int) -> PaymentToWatch:
    """The same payment as the alerts see it."""
    return PaymentToWatch(
        amount=amount,
        currency="CNY",
        business_type="claim",
        business_reference="C1",
        creditor_type="claimant",
        creditor_name="王小二",
        creditor_account="6222021001",
        payment_method="transfer",
        urgency="normal",
        org_level="branch",
    )


@dataclass
class FixedWindows:
    """Windows with values known beforehand; remembers what was asked."""

    known: dict[str, FactValue]
    asked: list[str] = field(default_factory=list)

    def values(self, derive: Derive, facts: object, matter: object) -> FactValue:
        """The value prepared for this window."""
        self.asked.append(derive.name)
        return self.known[derive.name]


def words(session: Session) -> None:
    """Publish the shipped vocabulary."""
    publish_vocabulary(
        session,
        (SHIPPED / "vocabulary.yaml").read_text("utf-8"),
        author="ana",
        reviewer="rex",
        reason="first",
        now=NOW,
    )


def published(session: Session, text: str) -> RulesetVersion:
    """Publish `text`, signed by another person."""
    return publish(
        session,
        text,
        "approval/payment-approval.yaml",
        author="ana",
        reviewer="rex",
        reason="because",
        now=NOW,
    )


def live(session: Session, *texts: str) -> int:
    """Publish and activate `texts`; the revision."""
    return activate(
        session,
        [published(session, text).hash for text in texts],
        activated_by="ana",
        approved_by="rex",
        reason="because",
        now=NOW,
    )
