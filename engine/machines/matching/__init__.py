"""The matching machine: groups of items and statement lines under one match number."""

from engine.machines.matching.groups import (
    GroupDraft,
    Matched,
    MatchError,
    Member,
    create_groups,
    members_of,
    retire,
)
from engine.machines.matching.models import (
    MatchGroup,
    MatchItem,
    MatchProposal,
    MatchReversal,
)
from engine.machines.matching.numbers import check_character, is_match_number

__all__ = [
    "GroupDraft",
    "MatchError",
    "MatchGroup",
    "MatchItem",
    "MatchProposal",
    "MatchReversal",
    "Matched",
    "Member",
    "check_character",
    "create_groups",
    "is_match_number",
    "members_of",
    "retire",
]
