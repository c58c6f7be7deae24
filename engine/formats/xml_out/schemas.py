"""ISO 20022 schemas, as the package sepaxml (MIT) brings them along."""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file, files

from lxml import etree


@cache
def iso_schema(name: str) -> etree.XMLSchema | None:
    """The schema of `name` (pain.001.001.03), None when there is none."""
    found = files("sepaxml") / "schemas" / f"{name}.xsd"
    if not found.is_file():
        return None
    with as_file(found) as path:
        return etree.XMLSchema(etree.parse(str(path)))
