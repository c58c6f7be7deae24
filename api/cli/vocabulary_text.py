"""Words and proposed changes of the vocabulary, as lines and as JSON."""

from __future__ import annotations

from collections.abc import Iterator

from api.cli.rule_words import VERSION
from engine.base.text import Lang, Text
from engine.rulebook.models import VocabularyProposal
from engine.rulebook.words.proposals import edits_of, state_of_words
from engine.rules.render import counted
from engine.rules.words import edit_text
from engine.treasury.rulesets import words


def word_line(one: words.KnownWord, lang: Lang) -> str:
    """A word: type, values, labels, who supplies it, which rulesets ask about it."""
    values = ", ".join(one.word.values or ())
    kinds = ", ".join(by.kind for by in one.supplied) or "-"
    closed = f" ({values})" if values else ""
    used = ", ".join(by.name for by in one.used) or "-"
    label = f"{one.word.label.en} {one.word.label.zh}"
    by = Text(f"supplied by {kinds}; used by {used}", f"提供:{kinds};使用:{used}").say(lang)
    return f"{one.word.name}: {one.word.type.value}{closed} {label}; {by}"


def word_json(one: words.KnownWord) -> dict[str, object]:
    """A word as `rules words list --format json` writes it."""
    label, values = one.word.label, one.word.values
    return {
        "word": one.word.name,
        "type": one.word.type.value,
        "en": label.en,
        "zh": label.zh,
        "values": None
        if values is None
        else {value: {"en": said.en, "zh": said.zh} for value, said in values.items()},
        "supplied": {by.kind: list(by.subjects) for by in one.supplied},
        "used": [by.name for by in one.used],
    }


def impact_lines(seen: words.Impact, found: VocabularyProposal, lang: Lang) -> Iterator[str]:
    """What signing a proposal would do to each ruleset it touches."""
    for one in seen.seen:
        name = f"{one.version.name} {one.version.version} {one.version.org_id}"
        asks = ", ".join(one.words)
        if one.result == "words":
            yield Text(
                f"{name}: asks about {asks}; decides as before", f"{name}:使用 {asks};决策不变"
            ).say(lang)
        elif one.result == "broken":
            why = Text("; ".join(t.en for t in one.why), "；".join(t.zh for t in one.why))
            yield Text(f"{name}: breaks: {why.en}", f"{name}:将出错:{why.zh}").say(lang)
    if seen.moved:
        yield Text(
            f"another change was signed meanwhile; `sluice rules words continue {found.id}`",
            f"其间已有其他修改通过复核;`sluice rules words continue {found.id}`",
        ).say(lang)
    edits = edits_of(found)
    for clash in seen.clashes:
        said = edit_text(edits[clash.index])
        yield f"  {clash.index}: {said.say(lang)}: {clash.why.say(lang)}"
    same = sum(one.result == "same" for one in seen.seen)
    if not seen.moved:
        number = counted(same, "ruleset", "rulesets")
        yield Text(f"{number} untouched", f"{same} 个规则集不受影响").say(lang)


def proposal_line(one: VocabularyProposal, lang: Lang) -> str:
    """A proposal: number, hash, state, who, its changes, and the last word on it."""
    state = VERSION[state_of_words(one)].say(lang)
    said = "; ".join(edit_text(edit).say(lang) for edit in edits_of(one))
    who = f"{one.author}/{one.reviewer or one.returned_by or '-'}"
    return f"{one.id} {one.text_hash[:12]} {state} {who}: {said}: {one.return_reason or one.reason}"


def proposal_json(one: VocabularyProposal) -> dict[str, object]:
    """A proposal without its text."""
    return {
        "id": one.id,
        "state": state_of_words(one),
        "base": one.base_hash,
        "hash": one.text_hash,
        "edits": one.edits,
        "author": one.author,
        "editors": one.editors,
        "continues": one.continues,
        "reason": one.reason,
        "created_at": one.created_at.isoformat(),
        "reviewer": one.reviewer,
        "returned_by": one.returned_by,
        "return_reason": one.return_reason,
    }
