"""Requests in GB18030 XML: batch payment, batch collection, queries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from engine.formats.payment import PaymentMessage
from engine.formats.xml_out.definition import XmlMessage
from engine.formats.xml_out.rendering import Job, Template
from engine.formats.xml_out.writing import Renderer, write_message

ENCODING = "gb18030"

PAY, COLLECT = "PAYBAT", "COLBAT"

ADDED = ("trcode", "date", "time")
"""Head values a batch has besides those of every message."""


def write_batch(
    message: PaymentMessage, definition: XmlMessage, template: Template, renderer: Renderer
) -> bytes:
    """`message` as the bytes of a PAYBAT or COLBAT; FormatError as `write_message` raises it."""
    added = {
        "trcode": PAY if message.direction == "pay" else COLLECT,
        "date": f"{message.created_at:%Y%m%d}",
        "time": f"{message.created_at:%H%M%S}",
    }
    return write_message(message, definition, template, renderer, added)


def write_query(
    template: Template,
    renderer: Renderer,
    trcode: str,
    serial: str,
    now: dt.datetime,
    fields: Mapping[str, str],
) -> bytes:
    """The bytes of a query `trcode` (QRYBAT, QRYBAL, QRYSTM) with its body `fields` in order."""
    values = {
        "trcode": trcode,
        "serial": serial,
        "date": f"{now:%Y%m%d}",
        "time": f"{now:%H%M%S}",
    }
    rows = tuple(fields.items())
    return b"".join(
        renderer.render(Job(template, ENCODING, values, "fields", ("name", "value"), rows))
    )
