"""What is found in live versions as they stand: checked once, and kept while nothing changes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from sqlmodel import Session

from engine.base.findings import Finding
from engine.rulebook.checking import check_text
from engine.rulebook.families import org_tree
from engine.rulebook.models import RulesetVersion
from engine.rulebook.texts import Source, current_vocabulary, live_sources, vocabulary_of
from engine.rules.extending.heading import may_extend


def live_findings(
    session: Session, versions: Iterable[RulesetVersion]
) -> dict[str, tuple[Finding, ...]]:
    """Hash -> findings of each version, read with the live words, parents and organisations."""
    words = current_vocabulary(session).text
    among = tuple(live_sources(session))
    tree = tuple(sorted((org_tree(session) or {}).items()))
    return {
        one.hash: _checked(one.file, one.text, words, among if may_extend(one.text) else (), tree)
        for one in versions
    }


@lru_cache(maxsize=512)
def _checked(
    file: str,
    text: str,
    words: str,
    among: tuple[Source, ...],
    tree: tuple[tuple[str, str | None], ...],
) -> tuple[Finding, ...]:
    return check_text(
        file, text, vocabulary_of(words), among=among, orgs=dict(tree) or None
    ).findings
