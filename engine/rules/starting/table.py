"""A first table made from nothing but a kind's facts and outputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from engine.rules.kind import ANY_SUBJECT, Kind, OutputSpec, Starter
from engine.rules.model import HitPolicy, Type, Vocabulary, Word

_POLICIES = (
    HitPolicy.FIRST,
    HitPolicy.UNIQUE,
    HitPolicy.ANY,
    HitPolicy.COLLECT,
    HitPolicy.RULE_ORDER,
    HitPolicy.PRIORITY,
    HitPolicy.OUTPUT_ORDER,
)
"""Tried in this order: the plainest first."""
_RANKED = frozenset({HitPolicy.PRIORITY, HitPolicy.OUTPUT_ORDER})

_LIMITS = {
    Type.MONEY: ("large", "10万", "1"),
    Type.INT: ("least", "3", "1"),
    Type.PERCENT: ("share", "50%", "1%"),
    Type.DURATION: ("longest", "4h", "1h"),
}
"""Ordered type -> a parameter, its value, and a value below it."""
_OUTPUTS = {
    Type.MONEY: "0",
    Type.INT: "1",
    Type.PERCENT: "0%",
    Type.BOOL: "false",
    Type.DATE: "2026-12-31",
    Type.TIME: "17:00",
    Type.DURATION: "1d",
    Type.CHAIN: "reviewer",
    Type.LIST: "reviewer",
    Type.TEXT: "-",
    Type.CODE: "to_name",
}
"""What an output without a closed list holds until somebody writes it."""


def words_of(kind: Kind, subject: str, vocabulary: Vocabulary) -> list[Word]:
    """The words the product supplies when it asks `kind` about `subject`, in the kind's order."""
    names = (one.name for one in fields(kind.facts[subject]))
    return [vocabulary.words[name] for name in names if name in vocabulary.words]


def starter_of(kind: Kind, subject: str, vocabulary: Vocabulary) -> Starter:
    """The kind's own starter for the subject, else one made from its columns."""
    own = kind.starters.get(subject, kind.starters.get(ANY_SUBJECT))
    return _made(kind, words_of(kind, subject, vocabulary)) if own is None else own


def _made(kind: Kind, words: list[Word]) -> Starter:
    limited = next((one for one in words if one.type in _LIMITS), None)
    listed = next((one for one in words if one.values), None)
    if limited is not None:
        return _by_limit(kind, limited, listed)
    if listed is not None:
        return _by_value(kind, listed)
    return _without(kind, words[0])


def _by_limit(kind: Kind, word: Word, beside: Word | None) -> Starter:
    """Rows below and from a parameter on; `beside` is a column that asks nothing yet."""
    param, value, below = _LIMITS[word.type]
    at_least = (f">= ${param}", value)
    rest = (f"< ${param}", below) if _apart(kind) else ("-", below)
    columns = [word.name] if beside is None else [word.name, beside.name]
    more = ((), ()) if beside is None else (("-",), (_first(beside),))
    given = (f"params: {{{param}: {value}}}", f"adjustable: {{{param}: any}}")
    return _starter(kind, columns, (at_least, rest), more, given, _nullable(kind, word))


def _by_value(kind: Kind, word: Word) -> Starter:
    first = _first(word)
    other = list(word.values or ())[1:2] or [first]
    rest = f"not({first})" if _apart(kind) else "-"
    tests = ((first, first), (rest, other[0]))
    return _starter(kind, [word.name], tests, ((), ()), (), _nullable(kind, word))


def _without(kind: Kind, word: Word) -> Starter:
    """One row that asks nothing: what a kind allows whose facts have neither order nor lists."""
    given = {Type.BOOL: "true", Type.DATE: "2026-12-31", Type.TIME: "12:00"}.get(word.type, "A")
    return _starter(kind, [word.name], (("-", given),), ((), ()), (), nullable=False)


def _starter(
    kind: Kind,
    columns: list[str],
    tests: tuple[tuple[str, str], ...],
    more: tuple[tuple[str, ...], tuple[str, ...]],
    given: tuple[str, ...],
    nullable: bool,
) -> Starter:
    """`tests`: a cell and a value that satisfies it; `more`: cells and values of other columns.

    Under a policy that counts every hit the last row is left out: it would repeat the first.
    """
    policy = _policy(kind)
    if not policy.single:
        tests = tests[:1]
    elif nullable and _apart(kind):
        tests = (*tests, ("null", "null"))
    outputs = list(_outputs(kind))
    names = [name for name, _ in outputs]
    shown = next((n for n, s in kind.outputs.items() if s.required), names[0])
    at = names.index(shown)
    rules = [f"id | {' | '.join(columns)} => {' | '.join(names)} | basis"]
    examples = [f"{' | '.join(columns)} => id | {shown}"]
    for number, (cell, value) in enumerate(tests, 1):
        cells = " | ".join((cell, *more[0]))
        rules.append(f"R{number} | {cells} => {' | '.join(v for _, v in outputs)} | -")
        values = " | ".join((value, *more[1]))
        examples.append(f"{values} => R{number} | {outputs[at][1]}")
    return Starter((*given, *_policy_keys(kind, policy)), tuple(rules), tuple(examples))


def _policy(kind: Kind) -> HitPolicy:
    return next(one for one in _POLICIES if one in kind.hit_policies)


def _apart(kind: Kind) -> bool:
    """Whether rows do not meet: only of the first that matches may the next repeat a part."""
    return _policy(kind) is not HitPolicy.FIRST


def _policy_keys(kind: Kind, policy: HitPolicy) -> tuple[str, ...]:
    said = f"hit_policy: {policy.value}"
    if policy not in _RANKED:
        return (said,)
    name, spec = next((n, s) for n, s in kind.outputs.items() if s.values)
    ranks = ", ".join(f'"{one}"' for one in spec.values or ())
    return said, f"priority: {{{name}: [{ranks}]}}"


def _outputs(kind: Kind) -> Iterator[tuple[str, str]]:
    required = [(n, s) for n, s in kind.outputs.items() if s.required]
    optional = [n for n, s in kind.outputs.items() if not s.required]
    yield from ((name, _output(name, spec)) for name, spec in required)
    yield from ((name, "-") for name in optional)


def _output(name: str, spec: OutputSpec) -> str:
    if spec.values:
        return next(iter(spec.values))
    return name.replace("_", " ") if spec.type is Type.TEXT else _OUTPUTS[spec.type]


def _first(word: Word) -> str:
    return next(iter(word.values or ("-",)))


def _nullable(kind: Kind, word: Word) -> bool:
    return kind.raw_facts or word.nullable
