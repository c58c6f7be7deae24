"""One cell: from text to value and back, with everything its field asks of it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

from engine.base.money import MAX_DIGITS, MoneyError, decimals, format_major, parse_major
from engine.base.text import Text
from engine.formats.layouts.model import MONEY, FieldDef, Layout, Type, Value

UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Control, direction and other characters nobody sees: they have no place in a cell."""

_LOOSE_MONEY = re.compile(r"([+-]?)(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?")
_FRAME = re.compile(r"(?:CNY|RMB|人民币|[¥￥])|元$|\s", re.IGNORECASE)
_WRAPPED = re.compile(r'="?(.*?)"?')
_EMPTY = frozenset({"", "-", "--", "—", "/"})


class CellFault(Exception):
    """Why a cell cannot be read or written; whoever knows the place makes a FileFault of it."""

    def __init__(self, code: str, en: str, zh: str) -> None:
        super().__init__(en)
        self.code = code
        self.text = Text(en, zh)


class CellReader:
    """Reads the cells of one field. Money comes as minor units of `currency`."""

    def __init__(self, field: FieldDef, layout: Layout, currency: str) -> None:
        self._field = field
        self._checks = field.checks
        self._currency = currency
        self._codec = _codec(layout)
        self._formats = (field.format,) if field.format else layout.dates
        self._known: dict[str, Value] = {}
        self._loose = field.format == "loose" or (
            field.format is None and layout.statement.amount is not None
        )
        self._parse: Callable[[str], Value] = {
            Type.TEXT: self._text,
            Type.DIGITS: self._digits,
            Type.INT: self._int,
            Type.YUAN: self._yuan,
            Type.FEN: self._fen,
            Type.DATE: self._date,
            Type.TIME: self._time,
            Type.IGNORED: lambda _: None,
        }[field.type]

    def read(self, cell: str) -> Value:
        """The value of a cell; CellFault with the reason."""
        field = self._field
        text = self._trimmed(cell)
        if field.constant is not None:
            if text != field.constant.strip():
                raise CellFault(
                    "CONSTANT",
                    f"{text[:40]!r} stands where every file has {field.constant!r}; it may be "
                    "another bank's file or another record",
                    f"此处应为 {field.constant!r}，实为 {text[:40]!r}；"
                    "可能是其他银行的文件或其他记录",
                )
            return None
        if self._is_empty(text):
            if self._checks.required:
                raise CellFault("MISSING", "the cell is empty; fill it in", "不能为空；请补充")
            return None
        found = UNSEEN.search(text)
        if found is not None and field.type is not Type.IGNORED:
            raise CellFault(
                "CONTROL_CHARACTER",
                f"has the unseen character U+{ord(found[0]):04X} at {found.start() + 1}; ask for "
                "a clean file",
                f"第 {found.start() + 1} 个字符为不可见字符 U+{ord(found[0]):04X}；请重新获取文件",
            )
        if field.width is not None and len(text.encode(self._codec, "replace")) > field.width:
            raise CellFault(
                "TOO_LONG",
                f"{text[:40]!r} is longer than {field.width} bytes",
                f"{text[:40]!r} 超过 {field.width} 字节",
            )
        if field.values is not None:
            text = self._mapped(text)
        value = self._parse(text)
        _judge(field, value)
        return value

    def column(self, cells: tuple[str, ...]) -> list[Value] | None:
        """All cells at once where nothing is out of the way; None: read them one by one."""
        field = self._field
        if field.type is Type.IGNORED and field.constant is None:
            return [None] * len(cells)
        stripped = [cell.strip() for cell in cells]
        if field.constant is not None:
            wanted = field.constant.strip()
            return [None] * len(cells) if stripped.count(wanted) == len(cells) else None
        if self._loose or field.values is not None or self._checks.luhn or self._checks.cnaps:
            return self._remembered(stripped)
        if "" in stripped:
            return None
        if field.width is not None and self._longest(stripped) > field.width:
            return None
        return self._at_once(stripped)

    def _at_once(self, cells: list[str]) -> list[Value] | None:
        field, checks = self._field, self._checks
        joined = "".join(cells)
        match field.type:
            case Type.TEXT:
                if not joined.isprintable() or checks.one_of:
                    return None
                return list(cells)
            case Type.DIGITS:
                good = joined.isascii() and joined.isdecimal()
                return None if not good or checks.one_of else list(cells)
            case Type.INT | Type.FEN:
                if not (joined.isascii() and joined.isdecimal()):
                    return None
                if max(map(len, cells)) > MAX_DIGITS:
                    return None
                return self._bounded([int(cell) for cell in cells])
            case Type.YUAN:
                if decimals(self._currency) != 2 or not joined.isascii():
                    return None
                if any(cell[-3:-2] != "." for cell in cells):
                    return None
                digits = [cell[:-3] + cell[-2:] for cell in cells]
                if not "".join(digits).isdecimal() or max(map(len, digits)) > MAX_DIGITS:
                    return None
                if min(map(len, digits)) < 3:
                    return None
                return self._bounded([int(one) for one in digits])
            case _:
                return self._remembered(cells)

    def _remembered(self, cells: list[str]) -> list[Value] | None:
        """Cells that repeat (dates, marks, codes) are read once; None when one has a fault."""
        known = self._known
        try:
            for cell in set(cells).difference(known):
                if len(known) > 100_000:
                    known.clear()
                known[cell] = self.read(cell)
            return [known[cell] if cell in known else self.read(cell) for cell in cells]
        except CellFault:
            return None

    def _bounded(self, values: list[int]) -> list[Value] | None:
        least, most = self._checks.least, self._checks.most
        if (least is not None and min(values) < least) or (most is not None and max(values) > most):
            return None
        return list(values)

    def _longest(self, cells: list[str]) -> int:
        joined = "\n".join(cells)
        if joined.isascii():
            return max(map(len, cells))
        return max(map(len, joined.encode(self._codec, "replace").split(b"\n")))

    def _trimmed(self, cell: str) -> str:
        text = cell.strip()
        if self._loose and text.startswith("="):
            wrapped = _WRAPPED.fullmatch(text)
            text = wrapped[1].strip() if wrapped else text
        return text

    def _is_empty(self, text: str) -> bool:
        if self._loose and self._field.type in (*MONEY, Type.DATE, Type.TIME):
            return text in _EMPTY
        return not text

    def _mapped(self, text: str) -> str:
        assert self._field.values is not None
        found = self._field.values.read.get(text, self._field.values.otherwise)
        if found is None:
            said = ", ".join(self._field.values.read)
            raise CellFault(
                "UNKNOWN_WORD",
                f"{text[:40]!r} is not among {said}; add it to the map of the layout",
                f"{text[:40]!r} 不在 {said} 之中；请在布局的映射中补充",
            )
        return found

    def _text(self, text: str) -> Value:
        return text

    def _digits(self, text: str) -> Value:
        if text.isascii() and text.isdecimal():
            return text
        raise CellFault(
            "DIGITS", f"{text[:40]!r} has something else than digits", f"{text[:40]!r} 含非数字字符"
        )

    def _int(self, text: str) -> Value:
        if re.fullmatch(r"[+-]?[0-9]{1,18}", text):
            return int(text)
        raise CellFault("NUMBER", f"{text[:40]!r} is no whole number", f"{text[:40]!r} 不是整数")

    def _fen(self, text: str) -> Value:
        if re.fullmatch(r"-?[0-9]{1,18}", text):
            return int(text)
        raise CellFault(
            "AMOUNT",
            f"{text[:40]!r} is no amount in minor units (fen); it has to be digits only",
            f"{text[:40]!r} 不是以分为单位的金额；只能是数字",
        )

    def _yuan(self, text: str) -> Value:
        plain = text
        if self._loose:
            bare = _FRAME.sub("", text)
            found = _LOOSE_MONEY.fullmatch(bare)
            if found is not None:
                fraction = (found[3] or "").rstrip("0")
                sign = "-" if found[1] == "-" else ""
                plain = f"{sign}{found[2].replace(',', '')}" + (f".{fraction}" if fraction else "")
        elif self._field.format == "exact" and not re.fullmatch(
            rf"-?\d+\.\d{{{decimals(self._currency)}}}", text
        ):
            raise CellFault(
                "AMOUNT",
                f"{text[:40]!r} must have {decimals(self._currency)} decimals",
                f"{text[:40]!r} 必须有 {decimals(self._currency)} 位小数",
            )
        try:
            return parse_major(plain, self._currency)
        except MoneyError as error:
            raise CellFault("AMOUNT", error.text.en, error.text.zh) from error

    def _date(self, text: str) -> Value:
        bare = text.removesuffix(".0")
        for form in self._formats:
            try:
                return dt.datetime.strptime(bare, form).date()  # noqa: DTZ007 - a day has no zone
            except ValueError:
                continue
        said = ", ".join(self._formats)
        raise CellFault(
            "DATE",
            f"{text[:40]!r} is no day written like {said}",
            f"{text[:40]!r} 不是 {said} 格式的日期",
        )

    def _time(self, text: str) -> Value:
        for form in (
            (self._field.format,) if self._field.format else ("%H:%M:%S", "%H%M%S", "%H:%M")
        ):
            try:
                return dt.datetime.strptime(text, form).time()  # noqa: DTZ007
            except ValueError:
                continue
        raise CellFault("TIME", f"{text[:40]!r} is no time of day", f"{text[:40]!r} 不是时间")


class CellWriter:
    """Writes the cells of one field; text is checked before it is encoded."""

    def __init__(self, field: FieldDef, layout: Layout, currency: str) -> None:
        self.field = field
        self._checks = field.checks
        self._currency = currency
        self._codec = _codec(layout)
        self._form = field.format or (layout.dates[0] if layout.dates else "%Y%m%d")
        self._plain_separator = (
            layout.file.separator
            if layout.file.form.value == "delimited" and layout.file.quote is None
            else None
        )
        self._fixed = layout.file.form.value == "fixed"

    def write(self, value: Value) -> str:
        """The text of a value, padded in a fixed file; CellFault with the reason."""
        field = self.field
        if field.constant is not None:
            return self._padded(field.constant)
        if field.type is Type.IGNORED:
            return self._padded("")
        if value is None or value == "":
            if self._checks.required:
                raise CellFault("MISSING", "the value is missing; fill it in", "缺少取值；请补充")
            return self._padded("", empty=True)
        _judge(field, value)
        text = self._said(value)
        if field.values is not None:
            mapped = field.values.write.get(text)
            if mapped is None:
                said = ", ".join(field.values.write)
                raise CellFault(
                    "UNKNOWN_WORD",
                    f"the bank has no word for {text!r}; its map has {said}",
                    f"银行没有对应 {text!r} 的取值；映射中有 {said}",
                )
            text = mapped
        return self._padded(self._fitting(text))

    def column(self, values: tuple[Value, ...]) -> list[str] | None:
        """All texts at once where nothing is out of the way; None: write them one by one."""
        field, checks = self.field, self._checks
        if field.constant is not None or field.type is Type.IGNORED:
            return [self.write(None)] * len(values)
        if field.values is not None or checks.cnaps or checks.luhn or checks.one_of:
            return self._one_by_one(values)
        if None in values:
            return self._one_by_one(values)
        match field.type:
            case Type.FEN | Type.INT:
                texts = [str(value) for value in values]
            case Type.YUAN:
                amounts = [value for value in values if type(value) is int]
                if len(amounts) != len(values) or decimals(self._currency) != 2 or min(amounts) < 0:
                    return self._one_by_one(values)
                texts = [f"{one // 100}.{one % 100:02d}" for one in amounts]
            case Type.DATE | Type.TIME:
                return self._one_by_one(values)
            case _:
                texts = [str(value) for value in values]
        if not self._within(values):
            return None
        joined = "".join(texts)
        if field.type in (Type.TEXT, Type.DIGITS):
            if not all(texts) or not joined.isprintable():
                return self._one_by_one(values)
            if field.type is Type.DIGITS and not (joined.isascii() and joined.isdecimal()):
                return None
            if self._plain_separator is not None and self._plain_separator in joined:
                return None
        return self._sized(texts, joined)

    def _sized(self, texts: list[str], joined: str) -> list[str] | None:
        width = self.field.width
        if width is None:
            return texts
        if joined.isascii():
            sizes = list(map(len, texts))
        else:
            try:
                encoded = "\n".join(texts).encode(self._codec)
            except UnicodeEncodeError:
                return None
            sizes = list(map(len, encoded.split(b"\n")))
        if max(sizes) > width:
            if not self._checks.cut:
                return None
            texts = [
                text if size <= width else _cut(text, width, self._codec)
                for text, size in zip(texts, sizes, strict=True)
            ]
            sizes = [len(text.encode(self._codec)) for text in texts]
        if not self._fixed:
            return texts
        pad = self.field.pad
        if self.field.align_right:
            return [pad * (width - size) + text for text, size in zip(texts, sizes, strict=True)]
        return [text + pad * (width - size) for text, size in zip(texts, sizes, strict=True)]

    def _one_by_one(self, values: tuple[Value, ...]) -> list[str] | None:
        known: dict[Value, str] = {}
        try:
            texts = []
            for value in values:
                found = known.get(value)
                if found is None:
                    found = known[value] = self.write(value)
                texts.append(found)
            return texts
        except CellFault:
            return None

    def _within(self, values: tuple[Value, ...]) -> bool:
        checks = self._checks
        if checks.least is None and checks.most is None:
            return True
        numbers = [value for value in values if isinstance(value, int)]
        if len(numbers) != len(values):
            return False
        low = checks.least is None or min(numbers) >= checks.least
        return low and (checks.most is None or max(numbers) <= checks.most)

    def _said(self, value: Value) -> str:
        kind = self.field.type
        if kind is Type.YUAN and isinstance(value, int):
            return format_major(value, self._currency)
        if kind in (Type.FEN, Type.INT) and isinstance(value, int):
            return str(value)
        if kind is Type.DATE and isinstance(value, dt.date):
            return value.strftime(self._form)
        if kind is Type.TIME and isinstance(value, dt.time):
            return value.strftime(self.field.format or "%H%M%S")
        if kind in (Type.TEXT, Type.DIGITS) and isinstance(value, str | int):
            text = str(value)
            if kind is Type.DIGITS and not (text.isascii() and text.isdecimal()):
                raise CellFault(
                    "DIGITS",
                    f"{text[:40]!r} has something else than digits",
                    f"{text[:40]!r} 含非数字字符",
                )
            return text
        raise CellFault("TYPE", f"{value!r} is no {kind.value}", f"{value!r} 不是 {kind.value}")

    def _fitting(self, text: str) -> str:
        found = UNSEEN.search(text)
        if found is not None:
            raise CellFault(
                "CONTROL_CHARACTER",
                f"has the unseen character U+{ord(found[0]):04X}; replace it in the document",
                f"含不可见字符 U+{ord(found[0]):04X}；请在单据中替换",
            )
        if self._plain_separator is not None and self._plain_separator in text:
            raise CellFault(
                "SEPARATOR_IN_TEXT",
                f"{text[:40]!r} has the separator {self._plain_separator!r} of the bank's file; "
                "replace it in the document",
                f"{text[:40]!r} 含有银行文件的分隔符 {self._plain_separator!r}；请在单据中替换",
            )
        try:
            size = len(text.encode(self._codec))
        except UnicodeEncodeError as error:
            bad = text[error.start]
            raise CellFault(
                "NOT_ENCODABLE",
                f"{bad!r} (U+{ord(bad):04X}) cannot be written in {self._codec}; replace it in the "
                "document",
                f"字符 {bad!r}（U+{ord(bad):04X}）无法用 {self._codec} 编码；请在单据中替换",
            ) from error
        if self.field.width is None or size <= self.field.width:
            return text
        if self._checks.cut:
            return _cut(text, self.field.width, self._codec)
        raise CellFault(
            "TOO_LONG",
            f"{text[:40]!r} has {size} bytes, the bank takes {self.field.width}; shorten it in the "
            "document",
            f"{text[:40]!r} 为 {size} 字节，银行最多接受 {self.field.width}；请在单据中缩短",
        )

    def _padded(self, text: str, *, empty: bool = False) -> str:
        if not self._fixed or self.field.width is None:
            return text
        pad = " " if empty else self.field.pad
        filling = pad * (self.field.width - len(text.encode(self._codec)))
        return filling + text if self.field.align_right else text + filling


def _codec(layout: Layout) -> str:
    """The codec cells are counted in; of `auto` and UTF-16 the one without a mark."""
    encoding = layout.file.encoding
    if encoding == "auto":
        return "gb18030"
    return {"utf-8-sig": "utf-8", "utf-16": "utf-16-le"}.get(encoding, encoding)


def _judge(field: FieldDef, value: Value) -> None:
    checks = field.checks
    if isinstance(value, int):
        if checks.least is not None and value < checks.least:
            raise CellFault("TOO_SMALL", f"{value} is below {checks.least}", f"小于 {checks.least}")
        if checks.most is not None and value > checks.most:
            raise CellFault("TOO_LARGE", f"{value} is above {checks.most}", f"大于 {checks.most}")
    if not isinstance(value, str):
        return
    if checks.cnaps and not (len(value) == 12 and value.isascii() and value.isdecimal()):
        raise CellFault(
            "CNAPS",
            f"{value[:40]!r} is no CNAPS code; it has 12 digits",
            f"{value[:40]!r} 不是联行号；应为 12 位数字",
        )
    if checks.luhn and not luhn(value):
        raise CellFault(
            "LUHN",
            f"{value[:40]!r} fails the check digit of card numbers; look for a slip of the pen",
            f"{value[:40]!r} 未通过卡号校验位；请核对",
        )
    if checks.one_of and value not in checks.one_of:
        said = ", ".join(checks.one_of)
        raise CellFault(
            "NOT_ALLOWED", f"{value[:40]!r} is not among {said}", f"{value[:40]!r} 不在 {said} 之中"
        )


def luhn(number: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1, annex B)."""
    if not (number.isascii() and number.isdecimal()):
        return False
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _cut(text: str, width: int, codec: str) -> str:
    """The longest beginning that fits, by whole characters."""
    room, kept = width, []
    for character in text:
        room -= len(character.encode(codec))
        if room < 0:
            break
        kept.append(character)
    return "".join(kept).rstrip()
