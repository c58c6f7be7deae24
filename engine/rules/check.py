"""All findings of ruleset files and folders. Pure apart from reading files."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.base.collector import Collector, Problem
from engine.base.findings import Finding, Severity, Span
from engine.base.text import SluiceError, Text
from engine.rules.analysis import analyse
from engine.rules.analysis.across import check_across, check_expiry
from engine.rules.analysis.examples import check_examples
from engine.rules.extending import Family, Heading, heading_of, in_force, told
from engine.rules.extending.heading import may_extend
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
    """Finds and keeps the vocabulary of each file, and the parents of extensions, while files are
    loaded."""

    given: Sequence[Path] = ()
    """Files in which parents are looked for besides the folders of an extension."""
    texts: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    """What is wrong with the vocabularies used so far."""
    _known: dict[Path, Vocabulary | None] = field(default_factory=dict)
    _trees: dict[Path, list[Heading]] = field(default_factory=dict)

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

    def load(self, path: Path, on: dt.date | None = None) -> Loaded | None:
        """Load one ruleset file; None when its vocabulary is broken. Raises PathError.

        An extension is composed with its parent's highest version, or with the one that is in
        force `on` that day.
        """
        return _ruling(self.load_all(path), on)

    def load_text(self, path: Path, text: str) -> Loaded | None:
        """Load `text` as if it stood in the file `path`, which need not have it yet."""
        return _ruling(self._versions(path, text), None)

    def load_all(self, path: Path) -> tuple[Loaded, ...]:
        """Load one ruleset file, an extension with each version of its parent; empty when its
        vocabulary is broken. Raises PathError."""
        return self._versions(path, read_file(path))

    def _versions(self, path: Path, text: str) -> tuple[Loaded, ...]:
        self.texts[str(path)] = text
        vocabulary = self.vocabulary_of(path)
        if vocabulary is None:
            return ()
        heading = heading_of(str(path), text) if may_extend(text) else None
        if heading is None:
            return (load_ruleset(str(path), text, vocabulary),)
        return Family(self._relatives(path, heading), self._load).loaded(heading)

    def _load(self, heading: Heading, parent: Ruleset | Problem | None) -> Loaded:
        vocabulary = self.vocabulary_of(Path(heading.file))
        if vocabulary is None:
            return Loaded(None, [])
        return load_ruleset(heading.file, heading.text, vocabulary, parent=parent)

    def _relatives(self, path: Path, own: Heading) -> list[Heading]:
        """The rulesets that may be parents of `own`, the highest version first.

        They are looked for in the folder of `path` and below, then from each folder above up to
        the one with the vocabulary (where there is none, not above), then among the files given.
        """
        folder = path.resolve().parent
        above = (folder, *folder.parents)
        top = next((at for at, one in enumerate(above) if (one / VOCABULARY).is_file()), 0)
        found: list[Heading] = []
        for one in above[: top + 1]:
            found = self._tree(one, absolute=path.is_absolute())
            if _complete(own, found):
                return found
        names = {one.name for one in found}
        found += [one for one in _headings(self.given) if one.name not in names]
        return sorted(found, key=lambda one: -one.version)

    def _tree(self, root: Path, *, absolute: bool) -> list[Heading]:
        if root not in self._trees:
            inside = find_rulesets([root]) if next(root.rglob("*.y*ml"), None) else []
            shown = inside if absolute else [Path(os.path.relpath(one)) for one in inside]
            self._trees[root] = sorted(_headings(shown), key=lambda one: -one.version)
        return list(self._trees[root])


def _ruling(versions: Sequence[Loaded], on: dt.date | None) -> Loaded | None:
    """The version in force `on` a day, else the first."""
    for one in versions:
        if on is not None and one.ruleset is not None and in_force(one.ruleset, on):
            return one
    return versions[0] if versions else None


def _complete(own: Heading, among: Sequence[Heading]) -> bool:
    """Whether the parent is there, and the parent's parent if it has one."""
    names = {one.name for one in among}
    return all(one.extends in names for one in (own, *among) if one.extends is not None)


def _headings(paths: Iterable[Path]) -> list[Heading]:
    """The headings of the files that can be read; what is wrong with others is told elsewhere."""
    found = []
    for path in paths:
        text = read_text(path, Collector(str(path))) if path.name != VOCABULARY else None
        heading = None if text is None else heading_of(str(path), text)
        if heading is not None:
            found.append(heading)
    return found


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
    return [told(ruleset, one) for one in found]


def check_paths(paths: Sequence[Path], *, on: dt.date | None = None) -> Checked:
    """Check files and folders, each file with the vocabulary nearest to it, then all together.

    `on` also warns of rulesets that end within 30 days after that day. Raises PathError for a
    missing path or a folder without rulesets.
    """
    files = find_rulesets(paths)
    library = Library(files)
    rulesets: list[Ruleset] = []
    findings: list[Finding] = []
    unreadable = False
    for path in files:
        if path.name == VOCABULARY:
            library.vocabulary(path.resolve())
            continue
        try:
            versions = library.load_all(path)
        except PathError as error:
            unreadable = True
            findings.append(_unreadable(path, error))
            continue
        of_file: list[Finding] = []
        for loaded in versions:
            of_file += loaded.findings
            if loaded.ruleset is not None:
                of_file += check_ruleset(loaded.ruleset)
                of_file += [] if on is None else check_expiry(loaded.ruleset, on)
        findings += [one for at, one in enumerate(of_file) if one not in of_file[:at]]
        rulesets += [one.ruleset for one in versions[:1] if one.ruleset is not None]
    findings.extend(check_across(rulesets))
    findings.extend(library.findings)
    order = {str(path): place for place, path in enumerate(files)}
    findings.sort(key=lambda f: (order.get(f.file, -1), f.span.line, f.span.column, f.code))
    return Checked(tuple(files), library.texts, tuple(findings), unreadable)


def _unreadable(path: Path, error: PathError) -> Finding:
    return Finding("R001", Severity.ERROR, str(path), Span(1, 1), error.text, None)
