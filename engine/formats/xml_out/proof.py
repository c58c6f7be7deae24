"""Proof that the bytes of a template say what was to be said, item by item while they come.

The parser validates against the schema as it reads. Items are compared and forgotten a few at a
time, so a message of any length takes the memory of some hundred items.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter

from lxml import etree

from engine.base.text import Text
from engine.formats.reading import FormatError
from engine.formats.xml_out.definition import ITEM_VALUES, XmlMessage
from engine.formats.xml_out.rendering import Value
from engine.formats.xml_out.schemas import iso_schema
from engine.formats.xml_out.stylesheet import (
    NULLABLE,
    amount_element,
    stylesheet,
    union,
)

_AT_ONCE = 100
"""Items compared together."""
_TAGS, _TAGS_OF_ROW = 2_000, 200
"""Elements a message may have, and more for each item: a tree cannot fill the memory."""

Row = tuple[Value, ...]
"""In the order of ITEM_VALUES."""


class Proof:
    """Fed with the bytes of one message; `close` says that all of it is as asked."""

    def __init__(
        self,
        definition: XmlMessage,
        template: str,
        head: Mapping[str, Value],
        rows: Sequence[Row],
    ) -> None:
        self._definition = definition
        self._template = template
        self._head = head
        self._rows = rows
        brace = f"{{{definition.namespace}}}" if definition.namespace else ""
        self._item_tag = brace + definition.item[-1]
        self._amount_tag = brace + amount_element(definition)
        self._root_tag = brace + definition.root
        way = (definition.root, *definition.item[:-1])
        self._way = tuple(brace + name for name in way)
        self._schema = iso_schema(definition.schema) if definition.schema else None
        self._parser: etree.XMLPullParser | None = etree.XMLPullParser(
            events=("start", "end"),
            tag=list({self._way[-1], self._root_tag}),
            schema=self._schema,
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            huge_tree=False,
        )
        self._around: etree._Element | None = None
        self._closed = False
        self._complete = False
        self._done = 0
        self._tags = _TAGS + _TAGS_OF_ROW * len(rows)
        self._last = b""
        self._said = _Sayer(definition, str(head["currency"]))

    def feed(self, piece: bytes) -> None:
        """The next bytes; FormatError XML_DIFFERS or XML_FORBIDDEN when they are wrong already.

        What breaks XML or the schema is said by `close`, which has the whole message to find
        the line.
        """
        self._refuse_markup(piece)
        if self._parser is None:
            return
        try:
            self._parser.feed(piece)
            for event, element in self._parser.read_events():
                if isinstance(element, etree._Element):
                    self._event(str(event), element)
        except etree.XMLSyntaxError:
            self._parser = None
            return
        self._compare(_AT_ONCE)

    def close(self, content: bytes) -> None:
        """After the last byte; `content` are all of them.

        FormatError XML_BROKEN or XML_INVALID with the line of the message, XML_DIFFERS with item
        and field.
        """
        root = self._ended()
        if root is None:
            raise self._broken(content)
        if root.tag != self._root_tag:
            raise self._differs(
                f"it begins with {root.tag} instead of {self._root_tag}",
                f"根元素为 {root.tag}，应为 {self._root_tag}",
            )
        if not self._complete:
            raise self._broken(content)
        self._compare(1)
        if self._done != len(self._rows):
            raise self._differs(
                f"it has {self._done} items instead of {len(self._rows)}",
                f"明细为 {self._done} 笔，应为 {len(self._rows)} 笔",
            )
        known = self._compare_head(root)
        for left in root.iter(self._item_tag, self._amount_tag):
            if left not in known:
                raise self._differs(
                    f"a further {etree.QName(left).localname} stands outside of the items",
                    f"明细之外还有 {etree.QName(left).localname}",
                )

    def _ended(self) -> etree._Element | None:
        """The root, when the parser and the schema are content."""
        if self._parser is None:
            return None
        try:
            return self._parser.close()
        except etree.XMLSyntaxError:
            return None

    def _refuse_markup(self, piece: bytes) -> None:
        """Comments, DOCTYPE, CDATA and instructions: banks read `1<!-- -->00` differently."""
        joined = self._last[-1:] + piece
        if b"<!" in joined or joined.find(b"<?", 0 if self._last else 1) >= 0:
            raise FormatError(
                "XML_FORBIDDEN",
                Text(
                    f"template {self._template} writes a comment, DOCTYPE, CDATA or instruction, "
                    "which a bank message never has; take it out",
                    f"模板 {self._template} 写出了注释、DOCTYPE、CDATA 或处理指令，"
                    "银行报文不允许；请删除",
                ),
            )
        self._last = piece or self._last
        self._tags -= piece.count(b"<")
        if self._tags < 0:
            raise self._differs("it has too many elements", "元素过多")

    def _event(self, event: str, element: etree._Element) -> None:
        if event == "end" and element.getparent() is None:
            self._complete = True
        if _way(element) != self._way:
            return
        if event == "end":
            self._closed = True
        elif self._around is not None:
            raise self._differs(
                f"{etree.QName(element).localname} is there twice",
                f"{etree.QName(element).localname} 出现两次",
            )
        else:
            self._around = element

    def _compare(self, least: int) -> None:
        around = self._around
        if around is None or (not self._closed and len(around) <= least):
            return
        items = list(around.iterchildren(self._item_tag))
        if items and not self._closed and around[-1] is items[-1]:
            items.pop()
        if len(items) < min(least, 1):
            return
        expected = self._rows[self._done : self._done + len(items)]
        found = bytes(stylesheet(self._definition)(around, n=str(len(items))))
        if found != self._said.all(expected):
            raise self._first_difference(found, expected)
        self._done += len(items)
        for item in items:
            around.remove(item)

    def _first_difference(self, found: bytes, expected: Sequence[Row]) -> FormatError:
        lines = found.decode("utf-8").split("\n")
        names = [place.value for place in self._definition.fields] + ["amount"]
        if len(lines) - 1 > len(expected) * len(names):
            return self._differs(
                f"it has more than {len(self._rows)} items", f"明细多于 {len(self._rows)} 笔"
            )
        for place, row in enumerate(expected):
            wanted = self._said.all([row]).decode("utf-8").split("\n")
            for number, name in enumerate(names):
                at = place * len(names) + number
                if at >= len(lines) or lines[at] != wanted[number]:
                    item = self._done + place + 1
                    own = row[ITEM_VALUES.index("instruction_id")]
                    return self._differs(
                        f"item {item} ({own}): its {name} is missing, doubled or another",
                        f"第 {item} 笔（{own}）：{name} 缺失、重复或不同",
                    )
        return self._differs("its items are others", "明细不同")

    def _compare_head(self, root: etree._Element) -> list[object]:
        """The elements and attributes the head values stand in."""
        known: list[object] = []
        spaces = {"p": self._definition.namespace} if self._definition.namespace else None
        for place in self._definition.head:
            found = root.xpath(union(self._definition, place), namespaces=spaces)
            assert isinstance(found, list)
            texts = [one if isinstance(one, str) else _text(one) for one in found]
            if texts != [str(self._head[place.value])] and (texts or not place.optional):
                raise self._differs(
                    f"{place.value} at {' | '.join(place.paths)} is missing, doubled or another",
                    f"{' | '.join(place.paths)} 处的 {place.value} 缺失、重复或不同",
                )
            known += found
        return known

    def _differs(self, en: str, zh: str) -> FormatError:
        return FormatError(
            "XML_DIFFERS",
            Text(
                f"what template {self._template} wrote is not what was asked for: {en}; "
                "correct the template",
                f"模板 {self._template} 生成的内容与要求不一致：{zh}；请更正模板",
            ),
        )

    def _broken(self, content: bytes) -> FormatError:
        code, line, said = _diagnosis(content, self._schema)
        begun = _line(content, line, self._definition.encoding)
        return FormatError(
            code,
            Text(
                f"template {self._template}: line {line} of what it wrote ({begun}) is wrong: "
                f"{said}; correct the template",
                f"模板 {self._template}：生成内容第 {line} 行（{begun}）有误：{said}；请更正模板",
            ),
        )


class _Sayer:
    """What the stylesheet must say of rows."""

    def __init__(self, definition: XmlMessage, currency: str) -> None:
        values = [place.value for place in definition.fields]
        # The currency is the same in all items: the message has one.
        places = [
            len(ITEM_VALUES) if one == "currency" else ITEM_VALUES.index(one) for one in values
        ]
        self._take: Callable[[Row], Row] = itemgetter(*places)
        self._currency = currency
        self._code = ITEM_VALUES.index("bank_code")
        self._full = "%s\t\n" * len(values) + "1\n"
        self._without = "".join("%s\n" if one in NULLABLE else "%s\t\n" for one in values) + "1\n"

    def all(self, rows: Iterable[Row]) -> bytes:
        """In UTF-8."""
        take, code, full, without = self._take, self._code, self._full, self._without
        own = (self._currency,)
        return "".join(
            [
                full % take(row + own)
                if row[code] is not None
                else without % take((*row[:code], "", *row[code + 1 :], *own))
                for row in rows
            ]
        ).encode("utf-8")


def _way(element: etree._Element) -> tuple[str, ...]:
    return (*(str(one.tag) for one in reversed(list(element.iterancestors()))), str(element.tag))


def _text(element: object) -> str:
    assert isinstance(element, etree._Element)
    return "".join(str(part) for part in element.itertext())


def _diagnosis(content: bytes, schema: etree.XMLSchema | None) -> tuple[str, int, str]:
    """Code, line and words for a message that could not be read to its end."""
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        line = error.lineno if isinstance(error, etree.XMLSyntaxError) else 1
        return "XML_BROKEN", line or 1, str(error)[:200]
    if schema is not None and not schema.validate(root):
        problem = schema.error_log[0]  # type: ignore[index]
        return "XML_INVALID", problem.line, problem.message[:200]
    return "XML_BROKEN", 1, "it is not complete"


def _line(content: bytes, line: int, encoding: str) -> str:
    """The beginning of a line, for people."""
    lines = content.split(b"\n", line)
    found = lines[line - 1] if len(lines) >= line else b""
    return found[:80].decode(encoding, "replace").strip()
