"""The places of a definition as one XSLT: what each item says, in one pass without Python.

For every item and every place it writes the text of each element that stands there and a tab,
then a line end; then how many elements are called like the one with the amount. A value that is
missing, doubled or different makes another text, and texts are compared quickly. The number of
items is compared apart, so no value can pass for a further line: line ends are counted by it.
"""

from __future__ import annotations

from functools import cache

from lxml import etree

from engine.formats.xml_out.definition import Place, XmlMessage

NULLABLE = frozenset({"bank_code"})
"""Values that may be absent; then their element is absent or empty."""

_XSL = "http://www.w3.org/1999/XSL/Transform"


@cache
def stylesheet(definition: XmlMessage) -> etree.XSLT:
    """Applied to the element around the items, it says what the first `n` items say."""
    steps = "".join(_place(definition, place) for place in definition.fields)
    amount = prefixed(definition, amount_element(definition))
    items = f"/*/{prefixed(definition, definition.item[-1])}[position() &lt;= $n]"
    source = (
        f'<xsl:stylesheet version="1.0" xmlns:xsl="{_XSL}"{_declared(definition)}>'
        '<xsl:output method="text" encoding="utf-8"/><xsl:param name="n"/>'
        f'<xsl:template match="/"><xsl:for-each select="{items}">{steps}'
        f'<xsl:value-of select="count(descendant-or-self::{amount})"/>'
        "<xsl:text>&#10;</xsl:text></xsl:for-each></xsl:template></xsl:stylesheet>"
    )
    return etree.XSLT(etree.fromstring(source))


def amount_element(definition: XmlMessage) -> str:
    """The name of the element that holds an item's amount."""
    for place in definition.fields:
        if place.value in ("amount", "minor"):
            steps = [definition.item[-1], *place.paths[0].split("/")]
            return [name for name in steps if not name.startswith("@")][-1]
    raise AssertionError("the schema asks for an amount")


def prefixed(definition: XmlMessage, path: str) -> str:
    """`path` with the prefix p before names of elements when there is a namespace."""
    if definition.namespace is None:
        return path
    return "/".join(name if name.startswith("@") else f"p:{name}" for name in path.split("/"))


def union(definition: XmlMessage, place: Place) -> str:
    """XPath of all paths of a place."""
    return " | ".join(prefixed(definition, path) for path in place.paths)


def _place(definition: XmlMessage, place: Place) -> str:
    select = union(definition, place)
    if place.value in NULLABLE:
        select = f"({select})[string()]"
    return (
        f'<xsl:for-each select="{select}"><xsl:value-of select="."/><xsl:text>&#9;</xsl:text>'
        "</xsl:for-each><xsl:text>&#10;</xsl:text>"
    )


def _declared(definition: XmlMessage) -> str:
    return "" if definition.namespace is None else f' xmlns:p="{definition.namespace}"'
