"""Where banks' files are: the installation's own folder first, then what comes with Sluicegate."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from engine.base.text import Text
from engine.formats.reading import FormatError
from engine.formats.xml_out.definition import XmlMessage, read_definition
from engine.formats.xml_out.rendering import Template

SHIPPED = Path(__file__).resolve().parents[2] / "bank_templates"
"""The profiles, definitions and templates that come with Sluicegate."""

OWN = "SLUICE_BANK_TEMPLATES"
"""Environment variable: a folder of the installation's own banks, which come first."""


def bank_folders() -> tuple[Path, ...]:
    """The folders to look in, the installation's own first."""
    own = os.environ.get(OWN)
    return (Path(own), SHIPPED) if own else (SHIPPED,)


def find_message(
    name: str,
    owners: Sequence[str],
    template: str = "",
    more: Iterable[str] = (),
    folders: Sequence[Path] | None = None,
) -> tuple[XmlMessage, Template]:
    """The definition `name` and its template, read anew each time: a saved file counts at once.

    `owners` are the folders to look in, the bank's before its connector's. `template` is the
    file a profile names instead of the definition's own; `more` are values a connector adds.
    FormatError MESSAGE_MISSING, MESSAGE_DEFINITION or TEMPLATE_MISSING.
    """
    path = _find(f"{name}.yaml", owners, folders, "MESSAGE_MISSING")
    definition = read_definition(_read(path), str(path), more)
    if template:
        return definition, find_template(template, owners, folders)
    return definition, _template(
        _find(definition.template, (path.parent.name,), (path.parents[1],))
    )


def find_template(
    name: str, owners: Sequence[str], folders: Sequence[Path] | None = None
) -> Template:
    """The template `name` of the first owner that has it; FormatError TEMPLATE_MISSING."""
    return _template(_find(name, owners, folders))


def _template(path: Path) -> Template:
    return Template(f"{path.parent.name}/{path.name}", _read(path), str(path.parent))


def _find(
    name: str,
    owners: Sequence[str],
    folders: Sequence[Path] | None,
    code: str = "TEMPLATE_MISSING",
) -> Path:
    for owner in owners:
        for folder in bank_folders() if folders is None else folders:
            path = folder / owner / name
            if path.parent.parent == folder and path.is_file():
                return path
    places = ", ".join(f"bank_templates/{owner}/{name}" for owner in owners)
    raise FormatError(
        code,
        Text(
            f"there is no {places}; add the file or correct the bank profile",
            f"没有 {places}；请添加文件，或更正银行配置",
        ),
    )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FormatError(
            "TEMPLATE_UNREADABLE",
            Text(
                f"{path} cannot be read as UTF-8 ({error}); save it again",
                f"{path} 无法以 UTF-8 读取（{error}）；请重新保存",
            ),
        ) from error
