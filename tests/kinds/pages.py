"""The tables of a kind's page, made from its code. `python -m tests.kinds.pages` rewrites them."""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import get_args, get_type_hints

from engine.rules import Kind, all_kinds, load_vocabulary
from engine.rules.model import HitPolicy, Vocabulary

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "rulesets"
RULESETS = ROOT / "rulesets"

_PART = re.compile(r"(<!-- (?P<name>[^>]+): made from the code -->\n).*?(<!-- end -->)", re.DOTALL)
_YAML = re.compile(r"```yaml\n(.*?)```", re.DOTALL)


def vocabulary() -> Vocabulary:
    """The shipped vocabulary."""
    found, findings = load_vocabulary(RULESETS / "vocabulary.yaml")
    assert found is not None, findings
    return found


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join("| " + " | ".join(cells) + " |\n" for cells in lines)


def facts_table(kind: Kind, subject: str, words: Vocabulary) -> str:
    """Word, type, meaning in both languages, and whether it may be missing."""
    facts = kind.facts[subject]
    hints = get_type_hints(facts)

    def rows() -> Iterator[tuple[str, ...]]:
        for one in fields(facts):
            word = words.words[one.name]
            missing = types.NoneType in get_args(hints[one.name])
            yield (
                f"`{word.name}`",
                word.type.value,
                word.label.en,
                word.label.zh,
                "may be missing" if missing else "",
            )

    return _table(("word", "type", "meaning", "含义", ""), rows())


def outputs_table(kind: Kind) -> str:
    """Column, type, meaning in both languages, the values it is closed to, whether required."""

    def rows() -> Iterator[tuple[str, ...]]:
        for name, spec in kind.outputs.items():
            listed = "; ".join(
                f"`{value}` {label.en} {label.zh}" for value, label in (spec.values or {}).items()
            )
            yield (
                f"`{name}`",
                spec.type.value,
                spec.label.en,
                spec.label.zh,
                listed,
                "required" if spec.required else "",
            )

    return _table(("output", "type", "meaning", "含义", "values", ""), rows())


def policies(kind: Kind) -> str:
    """The hit policies of `kind`, in the language's own order."""
    return (
        "Hit policies: " + ", ".join(f"`{p}`" for p in HitPolicy if p in kind.hit_policies) + ".\n"
    )


def keys(kind: Kind) -> str:
    """The envelope keys that `kind` adds."""
    lines = [
        f"- `{name}`: {schema['description']}\n"
        for name, schema in kind.extras_schema.items()
        if isinstance(schema, dict)
    ]
    return "".join(lines) or "None of its own.\n"


def parts(kind: Kind, words: Vocabulary) -> dict[str, str]:
    """Every part of the page that the code makes, by the name in its mark."""
    made = {
        "about": f"{kind.about.en}\n\n{kind.about.zh}\n",
        "outputs": outputs_table(kind),
        "hit policies": policies(kind),
        "envelope keys": keys(kind),
    }
    for subject in kind.facts:
        made[f"facts of {subject}"] = facts_table(kind, subject, words)
    return made


def page(kind: Kind) -> Path:
    """Where the page of `kind` is."""
    return PAGES / f"{kind.name}.md"


def marked(text: str) -> dict[str, str]:
    """The marked parts of a page as they stand."""
    return {m["name"]: m[0][len(m[1]) : -len(m[3])] for m in _PART.finditer(text)}


def examples(text: str) -> list[str]:
    """The YAML examples of a page."""
    return _YAML.findall(text)


def rewrite(kind: Kind, words: Vocabulary) -> bool:
    """Bring a page's marked parts up to the code; whether anything changed."""
    made = parts(kind, words)
    before = page(kind).read_text("utf-8")

    def part(match: re.Match[str]) -> str:
        return match[1] + made.get(match["name"], "") + match[3]

    after = _PART.sub(part, before)
    page(kind).write_text(after, "utf-8")
    return after != before


def main() -> None:
    """Rewrite all pages; name those that changed."""
    words = vocabulary()
    for kind in all_kinds().values():
        if rewrite(kind, words):
            sys.stdout.write(f"{page(kind).relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
