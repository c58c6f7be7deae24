"""Account numbers inside facts and texts, as far as the reader may see them.

Who sees account numbers masked may still preview rules that read them, and explain documents by
them: as long as they ask of account numbers nothing that no second person has signed. Then counts
say for each document only whether a signed condition holds, which its recorded decisions tell
anyway; a condition of one's own would give the digits away one by one.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.base.masking import masked
from engine.base.text import SluiceError, Text
from engine.rules.model import Ruleset
from engine.rules.questions import Question, conditions, outputs
from engine.rules.reasons import Hide, open_text


class HiddenWords(SluiceError):
    """A text of the caller's own would tell him what is hidden from him."""

    http_status = 403


_COMPARED = frozenset({"same_account", "other_account", "known_account"})
"""Words about account numbers that hold none: what was compared, or how often one occurred."""


def _hidden(word: str) -> bool:
    return word.endswith("_account") and word not in _COMPARED


def refuse_new_questions(draft: Ruleset, signed: Iterable[Ruleset]) -> None:
    """Refuse what asks of words the caller sees masked anything else than the `signed` rulesets.

    Raises HiddenWords HIDDEN_WORDS, with the rows and the words.
    """
    known: set[Question] = set()
    for one in signed:
        known |= _questions(one)
    new = [one for one in _questions(draft) if one not in known]
    if new:
        rows, words = _named(new)
        raise HiddenWords(
            "HIDDEN_WORDS",
            Text(
                f"rows {rows} read {words}, which you see masked, otherwise than the signed rules "
                "do; leave these cells as they are there, or ask somebody who sees account numbers "
                "in full",
                f"规则行 {rows} 读取 {words},而您只能查看其脱敏内容,且写法与已签署的规则不同;"
                "请保持这些单元格与已签署版本一致,或请可查看完整账号的人员操作",
            ),
        )


def _questions(ruleset: Ruleset) -> frozenset[Question]:
    return conditions(ruleset, _hidden) | outputs(ruleset, _hidden)


def refuse_written_out(ruleset: Ruleset) -> None:
    """Refuse to count by outcomes that words the caller sees masked are written into.

    Raises HiddenWords HIDDEN_WORDS.
    """
    written = outputs(ruleset, _hidden)
    if written:
        rows, words = _named(written)
        raise HiddenWords(
            "HIDDEN_WORDS",
            Text(
                f"rows {rows} of {ruleset.name} write {words}, which you see masked, into their "
                "outcomes, so counts would list whole account numbers; ask somebody who sees them "
                "in full",
                f"{ruleset.name} 的规则行 {rows} 将 {words} 写入结果,而您只能查看其脱敏内容,"
                "按结果统计会列出完整账号;请由可查看完整账号的人员操作",
            ),
        )


def _named(found: Iterable[Question]) -> tuple[str, str]:
    every = list(found)
    rows = ", ".join(sorted({one.row for one in every}))
    return rows, ", ".join(sorted({word for one in every for word in one.words}))


def refuse_copying(ruleset: Ruleset) -> None:
    """Refuse to copy facts these rules read into an example, where the caller sees some masked.
    Raises HiddenWords HIDDEN_WORDS."""
    words = ", ".join(word for word in ruleset.facts if _hidden(word))
    if words:
        raise HiddenWords(
            "HIDDEN_WORDS",
            Text(
                f"the example would hold {words}, which you see masked; ask somebody who sees "
                "account numbers in full, or write an example with made-up numbers",
                f"示例将包含 {words}，而您只能查看其脱敏内容；"
                "请由可查看完整账号的人员操作，或使用虚构账号编写示例",
            ),
        )


def hide_accounts(word: str, text: str) -> str:
    """The text of a fact: every word that names an account keeps its first and last digits."""
    return (masked(text) or "") if _hidden(word) else text


def hiding(org_id: str, open_orgs: frozenset[str]) -> Hide:
    """How facts of a matter of `org_id` are shown to somebody who sees `open_orgs` in full."""
    return open_text if org_id in open_orgs else hide_accounts
