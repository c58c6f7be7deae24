"""The distinct decisions of many documents: the compiled evaluator makes each of them once."""

from __future__ import annotations

from collections.abc import Hashable

from engine.rules.columns.facts import FactColumns, distinction
from engine.rules.decide import Decision, DecisionRefused
from engine.rules.evaluator import Evaluator

Answer = Decision | DecisionRefused


class Decisions:
    """Distinct decisions, each under the number the documents carry."""

    def __init__(self, evaluator: Evaluator, facts: FactColumns) -> None:
        self._evaluator = evaluator
        self._facts = facts
        self._by_key: dict[Hashable, int] = {}
        self._by_content: dict[Hashable, int] = {}
        self.found: list[Answer] = []

    def number(self, key: Hashable, document: int) -> int:
        """Return the number of the decision that all documents of `key` share.

        `document` is one of them: it is decided when the key is new.
        """
        number = self._by_key.get(key)
        if number is None:
            number = self._by_key[key] = self._decide(document)
        return number

    def _decide(self, document: int) -> int:
        answer: Answer
        try:
            answer = self._evaluator.decide(self._facts.document(document))
            content: Hashable = (answer.rows, _content(answer))
        except DecisionRefused as refused:
            # The frames of the traceback would keep the facts alive as long as the answer.
            answer = refused.with_traceback(None)
            content = (refused.code, refused.text)
        number = self._by_content.setdefault(content, len(self.found))
        if number == len(self.found):
            self.found.append(answer)
        return number


def _content(decision: Decision) -> Hashable:
    return tuple(
        tuple((name, _told(value)) for name, value in outcome.items())
        for outcome in decision.outcomes
    )


def _told(value: object) -> object:
    return value if isinstance(value, tuple) else distinction(value)  # type: ignore[arg-type]
