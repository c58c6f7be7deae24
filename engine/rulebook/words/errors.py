"""What is refused about changes of the vocabulary."""

from __future__ import annotations

from collections.abc import Sequence

from engine.base.text import Text
from engine.rulebook.errors import RulebookError
from engine.rulebook.models import VocabularyProposal


def unknown_proposal(number: int) -> RulebookError:
    """The refusal for a proposal that is not there."""
    return RulebookError(
        "PROPOSAL_UNKNOWN",
        Text(
            f"there is no vocabulary proposal {number}; see the list of proposals",
            f"没有词汇提案 {number};请查看提案列表",
        ),
    )


def closed_proposal(found: VocabularyProposal) -> RulebookError:
    """The refusal for a proposal that was signed or returned."""
    if found.reviewer is not None:
        return RulebookError(
            "REVIEWED",
            Text(
                f"proposal {found.id} was signed by {found.reviewer}; activate it",
                f"提案 {found.id} 已由 {found.reviewer} 复核;请激活",
            ),
        )
    return RulebookError(
        "RETURNED",
        Text(
            f"proposal {found.id} was returned by {found.returned_by} ({found.return_reason}); "
            "continue it as a new one",
            f"提案 {found.id} 已被 {found.returned_by} 退回({found.return_reason});请继续为新提案",
        ),
        409,
    )


def moved_base(found: VocabularyProposal) -> RulebookError:
    """The refusal when another change was signed after a proposal was made."""
    return RulebookError(
        "WORDS_MOVED",
        Text(
            f"another change of the vocabulary was signed after proposal {found.id} was made; "
            "continue it on the vocabulary as it is now",
            f"提案 {found.id} 提出后已有其他词汇修改通过复核;请在最新词汇表上继续该提案",
        ),
        409,
    )


def superseded_words(hash: str) -> RulebookError:
    """The refusal to make a vocabulary live that leaves out words of the live one."""
    return RulebookError(
        "WORDS_SUPERSEDED",
        Text(
            f"vocabulary {hash[:12]} does not build on the live one, or two are named; continue "
            "its proposal on the vocabulary as it is now, or undo the revision",
            f"词汇表 {hash[:12]} 并非基于生效的词汇表,或同时指定了两个;请在最新词汇表上继续其提案,"
            "或撤销激活",
        ),
        409,
    )


def same_words() -> RulebookError:
    """The refusal of edits that leave the vocabulary as it is."""
    return RulebookError(
        "NOTHING_CHANGED",
        Text(
            "these changes leave the vocabulary as it is; somebody may have made them already",
            "这些修改不改变词汇表;可能已有人作过同样的修改",
        ),
        409,
    )


class WordsInUse(RulebookError):
    """A change of the vocabulary that rulesets, live or waiting, do not survive."""

    def __init__(self, rulesets: Sequence[str]) -> None:
        names = ", ".join(rulesets)
        super().__init__(
            "WORDS_IN_USE",
            Text(
                f"these rulesets could not decide any more: {names}; change them first",
                f"以下规则集将无法决策:{'、'.join(rulesets)};请先修改这些规则集",
            ),
            409,
        )
        self.rulesets = tuple(rulesets)
