"""Account numbers inside facts and texts, as far as the reader may see them."""

from __future__ import annotations

from api.pages.show import masked
from engine.base.text import SluiceError, Text
from engine.rules.model import Ruleset
from engine.rules.reasons import Hide, open_text


class HiddenWords(SluiceError):
    """A text of the caller's own would tell him what is hidden from him."""

    http_status = 403


def _hidden(word: str) -> bool:
    return word.endswith("_account")


def refuse_hidden(ruleset: Ruleset) -> None:
    """Refuse rules nobody has signed that read words the caller sees masked: which rows decide
    would tell them digit by digit. Raises HiddenWords HIDDEN_WORDS."""
    words = _hidden_words(ruleset)
    if words:
        raise HiddenWords(
            "HIDDEN_WORDS",
            Text(
                f"these rules read {words}, which you see masked; leave that out, use a signed "
                "version, or ask somebody who sees account numbers in full",
                f"该规则读取 {words}，而您只能查看其脱敏内容；请去掉这些词、改用已签署的版本，"
                "或请可查看完整账号的人员操作",
            ),
        )


def refuse_copying(ruleset: Ruleset) -> None:
    """Refuse to copy facts these rules read into an example, where the caller sees some masked.
    Raises HiddenWords HIDDEN_WORDS."""
    words = _hidden_words(ruleset)
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


def _hidden_words(ruleset: Ruleset) -> str:
    return ", ".join(word for word in ruleset.facts if _hidden(word))


def hide_accounts(word: str, text: str) -> str:
    """The text of a fact: every word that names an account keeps its first and last digits."""
    return (masked(text) or "") if _hidden(word) else text


def hiding(org_id: str, open_orgs: frozenset[str]) -> Hide:
    """How facts of a matter of `org_id` are shown to somebody who sees `open_orgs` in full."""
    return open_text if org_id in open_orgs else hide_accounts
