"""Events before the `alerts` rulesets of the revision that was live when they happened."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session

from engine.base.text import SluiceError, Text
from engine.rulebook import Matter, NoLiveRuleset, Rulebook
from engine.rulebook.pinned import Considered, Pinned
from engine.rules import facts_from_json, outcome_to_json
from engine.rules.kinds.alerts import Alert as Ruled
from engine.treasury.alerts.board import AlertDraft
from engine.treasury.incidents import NOTIFY
from engine.treasury.monitor.disagreeing import About
from engine.treasury.monitor.findings import Finding
from engine.treasury.monitor.reading import Happened
from engine.treasury.monitor.redeciding import Question

KIND = "alerts"


@dataclass(frozen=True, slots=True)
class Watched:
    """What a ruleset says about an event."""

    event: Happened
    pinned: Pinned
    considered: Considered

    @property
    def about(self) -> About:
        """What the second engine is asked about."""
        event, ruleset = self.event, self.considered.live.ruleset
        return About(
            event.key,
            event.org_id,
            event.subject_kind,
            event.subject_id,
            event.document_id,
            ruleset.name,
            ruleset.version,
            self.considered.rows,
            self.question.outcome,
            None,
        )

    @property
    def question(self) -> Question:
        """The same for the second engine."""
        ruleset = self.considered.live.ruleset
        said = outcome_to_json(ruleset, self.considered.decision)["outcome"]
        return Question(
            ruleset,
            self.event.org_path,
            self.event.facts,
            self.considered.rows,
            said,
            recorded=False,
        )


def watch(session: Session, rulebook: Rulebook, event: Happened) -> Watched | Finding | None:
    """Ask the ruleset of the event's organisation, by the first evaluator.

    None where no ruleset is live for it; a finding where one cannot decide it.
    """
    if event.revision_id is None:
        return None
    pinned = rulebook.at(session, event.revision_id)
    try:
        live = pinned.find(KIND, event.subject, org_path=event.org_path, on=event.business_date)
    except NoLiveRuleset:
        return None
    try:
        facts = facts_from_json(live.ruleset, event.facts)
        decision = live.evaluator(event.org_path).decide(facts)
    except SluiceError as error:
        return _undecided(event, live.ruleset.name, live.ruleset.hash, error)
    considered = Considered(
        decision.rows,
        live.outcomes(decision),
        live,
        event.org_path,
        event.business_date,
        facts,
        decision,
    )
    return Watched(event, pinned, considered)


def tell(session: Session, watched: Watched) -> list[Finding]:
    """Record the decision if a row hit, and say what it found: one alert per row."""
    event, considered = watched.event, watched.considered
    if not considered.outcomes:
        return []
    recorded = watched.pinned.record(
        session, considered, matter=Matter(event.subject_kind, event.subject_id), now=event.at
    )
    found = []
    for rule, outcome in zip(recorded.rows, recorded.outcomes, strict=False):
        assert isinstance(outcome, Ruled)
        draft = AlertDraft(
            org_id=event.org_id,
            dedupe_key=f"event:{event.matter}:{recorded.ruleset}:{rule}",
            code=outcome.template or rule,
            severity=outcome.severity,
            action=outcome.action,
            subject_kind=event.subject_kind,
            subject_id=event.subject_id,
            text=Text(
                outcome.message_en or f"rule {rule} of {recorded.ruleset}",
                outcome.message_zh or f"规则 {recorded.ruleset} {rule}",
            ),
            notify=outcome.notify or (),
            channels=outcome.channel or ("page",),
            template=outcome.template,
            rule_id=rule,
            ruleset=recorded.ruleset,
            decision_id=recorded.decision_id,
        )
        found.append(Finding(draft, event.document_id))
    return found


def _undecided(event: Happened, ruleset: str, hash: str, error: SluiceError) -> Finding:
    """Once per ruleset version: the next events would only say the same again."""
    draft = AlertDraft(
        org_id=event.org_id,
        dedupe_key=f"EVENT_UNDECIDED:{hash}:{error.code}",
        code="EVENT_UNDECIDED",
        severity="high",
        action="hint",
        subject_kind=event.subject_kind,
        subject_id=event.subject_id,
        text=Text(
            f"{ruleset} cannot judge {event.key}: {error.text.en}",
            f"{ruleset} 无法判断 {event.key}:{error.text.zh}",
        ),
        notify=NOTIFY,
        ruleset=ruleset,
    )
    return Finding(draft, None)
