"""Reading and writing XML: no DTD, no entities, no network."""

from lxml import etree


class BadXml(Exception):
    """The bytes are no XML this bank reads; the message says why."""


def parse(body: bytes) -> etree._Element:
    """The root element; raises BadXml, also for anything with a DOCTYPE."""
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise BadXml(str(error)) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise BadXml("a document type declaration is not accepted")
    return root


def local_name(element: etree._Element) -> str:
    """Tag without its namespace."""
    return etree.QName(element).localname


def add(parent: etree._Element, tag: str, text: str | None = None) -> etree._Element:
    """Append a child in the parent's namespace."""
    namespace = etree.QName(parent).namespace
    child = etree.SubElement(parent, f"{{{namespace}}}{tag}" if namespace else tag)
    child.text = text
    return child
