"""The rows of every shipped ruleset as sentences, kept as pages that people read.

Run `python -m tests.explain.golden` to write them anew, then read what changed.
"""

from __future__ import annotations

import sys
from pathlib import Path

from engine.rules.check import Library, find_rulesets
from engine.rules.model import Ruleset
from engine.rules.params import branch_params
from engine.rules.sentences import row_sentences

ROOT = Path(__file__).parents[2]
PAGES = Path(__file__).parent / "sentences"


def shipped() -> list[Ruleset]:
    """Every ruleset the product ships with."""
    library = Library()
    loaded = [library.load(path) for path in find_rulesets([ROOT / "rulesets"])]
    return [one.ruleset for one in loaded if one is not None and one.ruleset is not None]


def page(ruleset: Ruleset) -> Path:
    """Where the sentences of a ruleset are kept."""
    return PAGES / f"{ruleset.kind}-{ruleset.name}.md"


def written(ruleset: Ruleset) -> str:
    """The page: a title, then each row in English and in Chinese."""
    said = row_sentences(ruleset, branch_params(ruleset, (ruleset.scope_org,)))
    title = f"# {ruleset.title.en} {ruleset.title.zh}\n"
    return title + "".join(f"\n{one.en}\n\n{one.zh}\n" for one in said.values())


def main() -> None:
    """Write every page; name those that changed."""
    PAGES.mkdir(exist_ok=True)
    for ruleset in shipped():
        path, text = page(ruleset), written(ruleset)
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
            sys.stdout.write(f"{path.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
