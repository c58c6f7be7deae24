"""ISO 20022 messages: their names, their schemas, and documents of their kind."""

import threading
from functools import cache
from importlib.resources import files
from typing import Final

from lxml import etree

from simulators.common.xml import BadXml, local_name, parse

_VERSIONS: Final = ("pain.001.001.03", "pain.001.001.09", "pain.008.001.02", "pain.008.001.08")
NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:"


def message_name(root: etree._Element) -> str:
    """The ISO message name such as pain.001.001.03; raises BadXml for one not taken here."""
    namespace = etree.QName(root).namespace or ""
    name = namespace.removeprefix(NAMESPACE)
    if name not in _VERSIONS or local_name(root) != "Document":
        raise BadXml(f"{namespace or 'no namespace'}: accepted are {', '.join(_VERSIONS)}")
    return name


# A schema object keeps the errors of its last validation, so threads take turns.
_validating: Final = threading.Lock()


@cache
def _schema(name: str) -> etree.XMLSchema:
    text = (files("sepaxml") / "schemas" / f"{name}.xsd").read_bytes()
    return etree.XMLSchema(parse(text))


def validate(root: etree._Element, name: str) -> None:
    """Check against the schema of the message; raises BadXml with the first violation."""
    with _validating:
        try:
            _schema(name).assertValid(root)
        except etree.DocumentInvalid as error:
            raise BadXml(str(error)) from error


def document(name: str) -> etree._Element:
    """An empty Document of an ISO message."""
    return parse(f'<Document xmlns="{NAMESPACE}{name}"/>'.encode())


def to_bytes(root: etree._Element) -> bytes:
    """UTF-8 with declaration."""
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)
