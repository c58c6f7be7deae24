"""Jinja2 for bank messages: sandboxed, strict, escaped, fed with plain values only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from engine.base.text import Text
from engine.formats.reading import FormatError

SHIPPED = Path(__file__).resolve().parents[2] / "bank_templates"
"""The templates and profiles that come with Sluicegate."""

Plain = str | int | None | Mapping[str, str | int | None] | Sequence[Mapping[str, str | int | None]]
"""What a template may be given: no object has methods that reach anywhere."""


class Renderer(Protocol):
    """Turns a named template and plain values into text."""

    def render(self, template: str, values: Mapping[str, Plain]) -> str:
        """The text; FormatError TEMPLATE when the template cannot be rendered."""
        ...


class ShippedTemplates:
    """Renders in this process. Only for templates that come with Sluicegate: the sandbox does
    not limit time and memory, which templates written elsewhere need.
    """

    def __init__(self, folder: Path = SHIPPED) -> None:
        self._environment = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader(folder),
            undefined=StrictUndefined,
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def render(self, template: str, values: Mapping[str, Plain]) -> str:
        """The text; FormatError TEMPLATE when the template is missing or asks for more."""
        try:
            return self._environment.get_template(template).render(values)
        except TemplateError as error:
            raise FormatError(
                "TEMPLATE",
                Text(
                    f"template {template} cannot be rendered ({error}); correct the template",
                    f"模板 {template} 无法生成({error});请更正模板",
                ),
            ) from error
