"""Events before the `alerts` rulesets of the revision that was live when they happened."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError
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
from engine.treasury.monitor.reading import Happened, Unread
from engine.treasury.monitor.redeciding import Question, reason

KIND = "alerts"

UNDECIDED = "EVENT_UNDECIDED"


@dataclass(frozen=True, slots=True)
class Watched:
    """What a ruleset says about an event."""

    event: Happened
    pinned: Pinned
    considered: Considered
    question: Question
    """The same for the second engine."""

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


def watch(
    session: Session, rulebook: Rulebook, event: Happened | Unread
) -> Watched | Finding | None:
    """Ask the ruleset of the event's organisation, by the first evaluator.

    None where no ruleset is live for it; a finding where it cannot be judged, for whatever
    reason: the events behind it do not wait.
    """
    if isinstance(event, Unread):
        return _undecided(event, event.key, event.why)
    if event.revision_id is None:
        return None
    try:
        return _judged(rulebook.at(session, event.revision_id), event)
    except NoLiveRuleset:
        return None
    except SQLAlchemyError:
        raise
    except Exception as error:  # noqa: BLE001 - told as its finding; those behind it go on
        code = error.code if isinstance(error, SluiceError) else type(error).__name__
        day = f"{event.subject}:{event.business_date}:{event.revision_id}:{code}"
        return _undecided(event, day, reason(error))


def _judged(pinned: Pinned, event: Happened) -> Watched:
    live = pinned.find(KIND, event.subject, org_path=event.org_path, on=event.business_date)
    facts = facts_from_json(live.ruleset, event.facts)
    decision = live.evaluator(event.org_path).decide(facts)
    considered = Considered(
        decision.rows,
        live.outcomes(decision),
        live,
        event.org_path,
        event.business_date,
        facts,
        decision,
    )
    said = outcome_to_json(live.ruleset, decision)["outcome"]
    question = Question(
        live.ruleset, event.org_path, event.facts, decision.rows, said, recorded=False
    )
    return Watched(event, pinned, considered, question)


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


def _undecided(event: Happened | Unread, once: str, why: str) -> Finding:
    """Told once per organisation, subject, business day, revision and code (`once`): the day's
    next events would only say the same again. The cursor counts them all."""
    draft = AlertDraft(
        org_id=event.org_id,
        dedupe_key=f"{UNDECIDED}:{event.org_id}:{once}",
        code=UNDECIDED,
        severity="high",
        action="hint",
        subject_kind=event.subject_kind,
        subject_id=event.subject_id,
        text=Text(
            f"no ruleset could judge {event.key} (event {event.place.id}): {why}",
            f"无法判断 {event.key}(事件 {event.place.id}):{why}",
        ),
        notify=NOTIFY,
    )
    return Finding(draft, None)
