"""Why there is no second opinion: on this machine, on this table, or on these facts."""

from __future__ import annotations

from dataclasses import dataclass

from engine.base.text import SluiceError, Text


class NoSecondOpinion(SluiceError):
    """The second engine does not answer, and does not guess.

    Codes: RETE_UNAVAILABLE (this machine), RETE_NOT_TRANSLATABLE (this table), RETE_FACT (these
    facts), RETE_RETIRED, RETE_ENGINE (the engine reported an error; it has been built again).
    """


def no_opinion(code: str, en: str, zh: str) -> NoSecondOpinion:
    """Return the refusal, as a sentence that begins with "no second opinion"."""
    return NoSecondOpinion(
        code, Text(f"no second opinion because {en}", f"没有第二意见，原因：{zh}")
    )


@dataclass(frozen=True, slots=True)
class NotTranslatable:
    """A table the second engine cannot be given, and the row and column that are the reason."""

    reason: Text
    row: str | None = None
    column: str | None = None

    def refusal(self) -> NoSecondOpinion:
        """Return the reason as an error."""
        return no_opinion("RETE_NOT_TRANSLATABLE", self.reason.en, self.reason.zh)
