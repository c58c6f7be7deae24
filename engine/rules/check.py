"""All findings of ruleset files and folders. Pure apart from reading files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.base.text import SluiceError, Text
from engine.rules.analysis import analyse
from engine.rules.analysis.across import check_across, check_expiry
from engine.rules.analysis.examples import check_examples
from engine.rules.collector import Collector
from engine.rules.extending.places import inherited, told
from engine.rules.findings import Finding, Severity, Span
from engine.rules.load import Loaded, load_ruleset
from engine.rules.model import Ruleset, Vocabulary
from engine.rules.params import OrgTree, distinct_params
from engine.rules.registry import find_kind
from engine.rules.vocabulary import load_vocabulary, read_text

VOCABULARY = "vocabulary.yaml"
SHIPPED = Path(__file__).parents[2] / "rulesets" / VOCABULARY
"""The vocabulary that comes with Sluicegate."""


class PathError(SluiceError):
    """A path that cannot be worked on: PATH_MISSING, NO_RULESETS, UNREADABLE."""


@dataclass(frozen=True, slots=True)
class Checked:
    """The findings of several files, by place."""

    files: tuple[Path, ...]
    texts: dict[str, str]
    """File -> its text, to show the lines that findings point at."""
    findings: tuple[Finding, ...]
    unreadable: bool
    """Whether a file could not be read at all."""

    def count(self, severity: Severity) -> int:
        """How many findings have this severity."""
        return sum(finding.severity is severity for finding in self.findings)


@dataclass(slots=True)
class Library:
    """Finds and keeps the vocabulary of each file while files are loaded."""

    texts: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    """What is wrong with the vocabularies used so far."""
    _known: dict[Path, Vocabulary | None] = field(default_factory=dict)

    def vocabulary_of(self, path: Path) -> Vocabulary | None:
        """The vocabulary in the folder of `path` or the nearest above, else the shipped one."""
        folder = path.resolve().parent
        places = (one / VOCABULARY for one in (folder, *folder.parents))
        return self.vocabulary(next((one for one in places if one.is_file()), SHIPPED))

    def vocabulary(self, place: Path) -> Vocabulary | None:
        """Load one vocabulary file once; None when it has an error, then see `findings`."""
        if place not in self._known:
            vocabulary, findings = load_vocabulary(place)
            self._known[place] = vocabulary
            self.findings.extend(findings)
            text = read_text(place, Collector(str(place)))
            self.texts[str(place)] = text or ""
        return self._known[place]

    def load(self, path: Path) -> Loaded | None:
        """Load one ruleset file; None when its vocabulary is broken. Raises PathError."""
        text = read_file(path)
        self.texts[str(path)] = text
        vocabulary = self.vocabulary_of(path)
        return None if vocabulary is None else load_ruleset(str(path), text, vocabulary)


def read_file(path: Path) -> str:
    """The text of a ruleset file. Raises PathError when it is missing, binary or not UTF-8."""
    if not path.exists():
        raise _missing(path)
    out = Collector(str(path))
    text = read_text(path, out)
    if text is None:
        said = out.findings[0].message
        raise PathError("UNREADABLE", Text(f"{path}: {said.en}", f"{path}：{said.zh}"))
    if "\0" in text:
        raise PathError(
            "UNREADABLE",
            Text(
                f"{path} is a binary file; name a ruleset in YAML",
                f"{path} 是二进制文件；请指定 YAML 规则文件",
            ),
        )
    return text


def _missing(path: Path) -> PathError:
    return PathError(
        "PATH_MISSING",
        Text(f"{path} does not exist; check the path", f"{path} 不存在；请检查路径"),
    )


def find_rulesets(paths: Iterable[Path]) -> list[Path]:
    """The ruleset files named by `paths`: files as given, folders with all YAML files below.

    Vocabularies are no rulesets, and hidden files and folders are passed over. Raises PathError
    for a missing path or a folder without any.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if not path.exists():
            raise _missing(path)
        if not path.is_dir():
            found[path] = None
            continue
        inside = [
            one
            for one in sorted(path.rglob("*"))
            if one.suffix in {".yaml", ".yml"}
            and one.name != VOCABULARY
            and not any(part.startswith(".") for part in one.relative_to(path).parts)
            and one.is_file()
        ]
        if not inside:
            raise PathError(
                "NO_RULESETS",
                Text(
                    f"{path} holds no rulesets; name a folder with .yaml files",
                    f"{path} 中没有规则集；请指定含 .yaml 文件的文件夹",
                ),
            )
        found |= dict.fromkeys(inside)
    return list(found)


def check_ruleset(ruleset: Ruleset, orgs: OrgTree | None = None) -> list[Finding]:
    """Everything beyond loading for one ruleset: its kind's checks, analysis, examples."""
    kind = find_kind(ruleset.kind)
    own = [] if kind is None else [found for check in kind.checks for found in check(ruleset)]
    found = [*own, *analyse(ruleset, distinct_params(ruleset, orgs)), *check_examples(ruleset)]
    return [told(ruleset, one) for one in found if not _told_of_parent(ruleset, one)]


def _told_of_parent(ruleset: Ruleset, finding: Finding) -> bool:
    """Examples of a parent's rows stand beside them: an extension need not repeat them."""
    return finding.code == "R403" and inherited(ruleset, finding.span)


def check_paths(paths: Sequence[Path], *, on: dt.date | None = None) -> Checked:
    """Check files and folders, each file with the vocabulary nearest to it, then all together.

    `on` also warns of rulesets that end within 30 days after that day. Raises PathError for a
    missing path or a folder without rulesets.
    """
    library = Library()
    files = find_rulesets(paths)
    rulesets: list[Ruleset] = []
    findings: list[Finding] = []
    unreadable = False
    for path in files:
        if path.name == VOCABULARY:
            library.vocabulary(path.resolve())
            continue
        try:
            loaded = library.load(path)
        except PathError as error:
            unreadable = True
            findings.append(_unreadable(path, error))
            continue
        if loaded is None:
            continue
        findings.extend(loaded.findings)
        if loaded.ruleset is not None:
            rulesets.append(loaded.ruleset)
            findings.extend(check_ruleset(loaded.ruleset))
            findings.extend([] if on is None else check_expiry(loaded.ruleset, on))
    findings.extend(check_across(rulesets))
    findings.extend(library.findings)
    order = {str(path): place for place, path in enumerate(files)}
    findings.sort(key=lambda f: (order.get(f.file, -1), f.span.line, f.span.column, f.code))
    return Checked(tuple(files), library.texts, tuple(findings), unreadable)


def _unreadable(path: Path, error: PathError) -> Finding:
    return Finding("R001", Severity.ERROR, str(path), Span(1, 1), error.text, None)
