"""XML out: payments written as pain.001 per second and core, each step beside a bare peer.

Run by `make bench`. Processor time of this program and of the one in which the template runs are
added, so the figure is per core. Peers in the same run: a loop over the same rows with csv.reader,
and lxml parsing the finished message and nothing else. Goal: 60,000 payments a second for what is
rendered, parsed and validated against the schema; everything that is checked besides (faults of
the items, each field compared with the payment's own) is in the second figure.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from lxml import etree

from engine.formats.payment import PaymentItem, PaymentMessage
from engine.formats.templates import find_message
from engine.formats.xml_out.definition import ITEM_VALUES
from engine.formats.xml_out.rendering import Job, LimitedRenderer
from engine.formats.xml_out.schemas import iso_schema
from engine.formats.xml_out.writing import message_rows, message_values, write_message

COUNT = 20_000
ROUNDS = 7
GOAL = 60_000
"""Payments per second and core: render, parse and schema."""
VERSION = "pain.001.001.03"


def payments() -> PaymentMessage:
    """A message of COUNT payments with Chinese names."""
    day = dt.date(2026, 11, 23)
    items = tuple(
        PaymentItem(
            f"D20261123-{n:06d}-1",
            10_000 + n,
            f"示例客户{n % 977}",
            f"62220000{n:08d}",
            "901290000020",
            f"D20261123-{n:06d} 理赔款",
        )
        for n in range(COUNT)
    )
    made = dt.datetime(2026, 11, 23, 9, tzinfo=dt.timezone(dt.timedelta(hours=8)))
    return PaymentMessage(
        "PB20261123-000001",
        "pay",
        "9010000000000001",
        "示例保险",
        "901290000012",
        "CNY",
        day,
        made,
        items,
    )


def processor(child: int | None) -> float:
    """Seconds of this program and of the one that renders."""
    if child is None:
        return time.process_time()
    told = Path(f"/proc/{child}/schedstat").read_text("ascii")
    return time.process_time() + int(told.split()[0]) / 1e9


def timed(work: Callable[[], object], child: int | None = None) -> float:
    """Best of ROUNDS, in processor seconds of both programs."""
    best = float("inf")
    for _ in range(ROUNDS):
        before = processor(child)
        work()
        best = min(best, processor(child) - before)
    return best


def main() -> int:
    """Print the table; 1 when the goal is missed."""
    message = payments()
    definition, template = find_message(VERSION, ("iso20022",))
    renderer = LimitedRenderer()
    content = write_message(message, definition, template, renderer)
    ((_, child),) = renderer.waiting()
    rows = message_rows(message, definition)
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    schema = iso_schema(VERSION)
    head = message_values(message)

    def reader() -> None:
        for _ in csv.reader(io.StringIO(text.getvalue())):
            pass

    def render() -> Iterator[bytes]:
        job = Job(template, "utf-8", head, "items", ITEM_VALUES, rows)
        return renderer.render(job)

    def parse_valid(pieces: Iterator[bytes]) -> None:
        parser = etree.XMLPullParser(
            events=("start",), tag=f"{{{definition.namespace}}}PmtInf", schema=schema
        )
        around: etree._Element | None = None
        for piece in pieces:
            parser.feed(piece)
            for _, found in parser.read_events():
                around = found if isinstance(found, etree._Element) else around
            if around is not None:
                del around[8:-1]
        parser.close()

    pieces = [content[at : at + 262_144] for at in range(0, len(content), 262_144)]
    figures = {
        "csv.reader over the rows (peer)": timed(reader),
        "lxml parses the message (peer)": timed(lambda: etree.fromstring(content)),
        "rendered in the child": timed(lambda: sum(map(len, render())), child),
        "parsed and validated": timed(lambda: parse_valid(iter(pieces))),
        "rendered, parsed, validated": timed(lambda: parse_valid(render()), child),
        "written with every check": timed(
            lambda: write_message(message, definition, template, renderer), child
        ),
    }
    renderer.close()
    peer = figures["csv.reader over the rows (peer)"]
    print(f"{COUNT:,} payments, {len(content) / COUNT:.0f} bytes each, {VERSION}")
    print(f"{'':34}{'µs each':>9}{'a second':>11}{'× csv.reader':>14}")
    for name, seconds in figures.items():
        each = seconds / COUNT
        print(f"{name:34}{each * 1e6:>9.2f}{1 / each:>11,.0f}{seconds / peer:>14.1f}")
    print(f"most memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    reached = COUNT / figures["rendered, parsed, validated"]
    print(f"goal {GOAL:,} a second: {'reached' if reached >= GOAL else 'MISSED'}")
    return 0 if reached >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
