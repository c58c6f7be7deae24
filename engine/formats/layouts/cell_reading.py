"""One cell from text to value, with everything its field asks of it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal

from engine.base.money import DECIMALS, MAX_DIGITS, MoneyError, decimals, parse_units
from engine.formats.layouts.cells import UNSEEN, CellFault, codec_of, judge, padding_of, scaled
from engine.formats.layouts.loose import narrow, plain_amount
from engine.formats.layouts.model import SERIAL, FieldDef, Layout, Type, Value

_GROUPED = re.compile(r"(-?)(\d{1,3}(?:,\d{3})+|\d+)\.(\d\d)", re.ASCII)
_DASHED = frozenset({Type.YUAN, Type.FEN, Type.DATE, Type.TIME})
"""Types whose empty cells banks fill with a dash."""
_CODE = re.compile(r"([A-Z]{3})\s*(?=[-+\d])")
_NOTED = re.compile(r"(.+?)\s*[(（][^()（）]*[)）]")
_WRAPPED = re.compile(r'="?(.*?)"?')
_SERIAL_DAY = re.compile(r"[2-7][0-9]{4}")
PLACEHOLDER = 4
"""Year of a day that is written without one, until the whole file is known; it has 29 February."""
_FIRST_DAY = dt.date(1899, 12, 30)
"""Day 0 of workbooks, which count the 29 February 1900 that never was."""
_YEAR = re.compile("%[YyGxcD]")
_RUN_TOGETHER = re.compile(r"%[A-Za-z]%(?!z)[A-Za-z]")
_MOST_ZEROS = 64
"""Digits of a number with the zeros that fill it up."""
_EMPTY = frozenset({"", "-", "--", "—", "/"})


def says_year(form: str) -> bool:
    """Whether a format of days says the year."""
    return form == SERIAL or _YEAR.search(form) is not None


class CellReader:
    """Reads the cells of one field. Money comes as minor units of `currency`; with `places`, of
    the type yuan, as units of 10**-places: for files whose rows say their own currency."""

    def __init__(
        self, field: FieldDef, layout: Layout, currency: str, places: int | None = None
    ) -> None:
        self._field = field
        self._currency = currency
        self._places = decimals(currency) if places is None else places
        self._checks = scaled(field, self._places)
        self._codec = codec_of(layout)
        self._padding = padding_of(layout)
        self._formats = (field.format,) if field.format else layout.dates
        self._known: dict[str, Value] = {}
        self._noted = field.format == "noted"
        self._loose = field.format in ("loose", "noted") or (
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
            if text != field.constant.strip(self._padding):
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
        judge(self._checks, value, self._shown)
        return value

    def column(self, cells: tuple[str, ...]) -> list[Value] | None:
        """All cells at once where nothing is out of the way; None: read them one by one."""
        field = self._field
        if field.type is Type.IGNORED and field.constant is None:
            return [None] * len(cells)
        stripped = [cell.strip(self._padding) for cell in cells]
        if field.constant is not None:
            wanted = field.constant.strip(self._padding)
            return [None] * len(cells) if stripped.count(wanted) == len(cells) else None
        if field.values is not None or self._checks.luhn or self._checks.cnaps:
            return self._remembered(stripped)
        if self._loose and field.type in _DASHED:
            stripped = ["" if cell in _EMPTY else cell for cell in stripped]
        if "" not in stripped:
            return self._filled(stripped)
        if self._checks.required:
            return None
        filled = self._filled([cell for cell in stripped if cell])
        if filled is None:
            return None
        values = iter(filled)
        return [next(values) if cell else None for cell in stripped]

    def _filled(self, cells: list[str]) -> list[Value] | None:
        """A column without empty cells."""
        if not cells:
            return []
        if self._field.width is not None and self._longest(cells) > self._field.width:
            return None
        if not self._loose:
            return self._at_once(cells)
        if self._field.type is Type.YUAN:
            found = self._loose_yuan(cells)
        else:
            found = None if any(cell[0] == "=" for cell in cells) else self._at_once(cells)
        return self._remembered(cells) if found is None else found

    def _loose_yuan(self, cells: list[str]) -> list[Value] | None:
        """Amounts with two decimals, a minus and commas where they belong; None for any other."""
        if self._places < 2 or self._checks.least is not None or self._checks.most is not None:
            return None
        values: list[Value] = []
        factor = 10 ** (self._places - 2)
        for cell in cells:
            found = _GROUPED.fullmatch(cell)
            if found is None or len(cell) > MAX_DIGITS - self._places:
                return None
            value = int(found[2].replace(",", "") + found[3]) * factor
            values.append(-value if found[1] else value)
        return values

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
                return self._bounded(cells)
            case Type.YUAN:
                if self._places != 2 or not joined.isascii():
                    return None
                if any(cell[-3:-2] != "." for cell in cells):
                    return None
                digits = [cell[:-3] + cell[-2:] for cell in cells]
                if not "".join(digits).isdecimal() or min(map(len, digits)) < 3:
                    return None
                return self._bounded(digits)
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

    def _bounded(self, digits: list[str]) -> list[Value] | None:
        if max(map(len, digits)) > _MOST_ZEROS:
            return None
        values = list(map(int, digits))
        least, most = self._checks.least, self._checks.most
        highest = max(values)
        if highest >= 10**MAX_DIGITS or (most is not None and highest > most):
            return None
        return None if least is not None and min(values) < least else list(values)

    def _longest(self, cells: list[str]) -> int:
        joined = "\n".join(cells)
        if joined.isascii():
            return max(map(len, cells))
        return max(map(len, joined.encode(self._codec, "replace").split(b"\n")))

    def _trimmed(self, cell: str) -> str:
        text = cell.strip(self._padding)
        if self._loose and text.startswith("="):
            wrapped = _WRAPPED.fullmatch(text)
            text = wrapped[1].strip(self._padding) if wrapped else text
        return text

    def _is_empty(self, text: str) -> bool:
        if self._loose and self._field.type in _DASHED:
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

    def _shown(self, units: int) -> str:
        if self._field.type is not Type.YUAN:
            return str(units)
        return f"{Decimal(units).scaleb(-self._places):.{self._places}f}"

    def _text(self, text: str) -> Value:
        return text

    def _digits(self, text: str) -> Value:
        if text.isascii() and text.isdecimal():
            return text
        raise CellFault(
            "DIGITS", f"{text[:40]!r} has something else than digits", f"{text[:40]!r} 含非数字字符"
        )

    def _int(self, text: str) -> Value:
        if re.fullmatch(r"[+-]?0*[0-9]{1,18}", text):
            return int(text)
        raise CellFault("NUMBER", f"{text[:40]!r} is no whole number", f"{text[:40]!r} 不是整数")

    def _fen(self, text: str) -> Value:
        if re.fullmatch(r"-?0*[0-9]{1,18}", text):
            return int(text)
        raise CellFault(
            "AMOUNT",
            f"{text[:40]!r} is no amount in minor units (fen); it has to be digits only",
            f"{text[:40]!r} 不是以分为单位的金额；只能是数字",
        )

    def _yuan(self, text: str) -> Value:
        plain = text
        if self._loose:
            noted = _NOTED.fullmatch(text) if self._noted else None
            plain = plain_amount(self._without_code(noted[1] if noted else text)) or text
        elif self._field.format == "exact" and not re.fullmatch(
            rf"-?\d+\.\d{{{decimals(self._currency)}}}", text
        ):
            raise CellFault(
                "AMOUNT",
                f"{text[:40]!r} must have {decimals(self._currency)} decimals",
                f"{text[:40]!r} 必须有 {decimals(self._currency)} 位小数",
            )
        try:
            return parse_units(plain, self._places, self._currency)
        except MoneyError as error:
            raise CellFault("AMOUNT", error.text.en, error.text.zh) from error

    def _without_code(self, text: str) -> str:
        """An amount without the currency in front of it, which has to be the file's."""
        code = _CODE.match(text)
        if code is None or code[1] in ("CNY", "RMB") or code[1] not in DECIMALS:
            return text
        if code[1] != self._currency:
            raise CellFault(
                "CURRENCY",
                f"{text[:40]!r} is in {code[1]}, the file is read in {self._currency}; write "
                f"`currency: {code[1]}` into the layout",
                f"{text[:40]!r} 的币种为 {code[1]}，文件按 {self._currency} 读取；"
                f"请在布局中写 `currency: {code[1]}`",
            )
        return text[code.end() :]

    def _date(self, text: str) -> Value:
        bare = narrow(text).removesuffix(".0")
        for form in self._formats:
            if form == SERIAL:
                if _SERIAL_DAY.fullmatch(bare):
                    return _FIRST_DAY + dt.timedelta(days=int(bare))
                continue
            try:
                if says_year(form):
                    moment = dt.datetime.strptime(bare, form)  # noqa: DTZ007 - a day has no zone
                else:
                    moment = dt.datetime.strptime(f"0004 {bare}", f"%Y {form}")  # noqa: DTZ007
            except ValueError:
                continue
            # Without separators a lost digit makes another day: 2026121 would be 1 December.
            again = moment.strftime(form).casefold()
            if not _RUN_TOGETHER.search(form) or again == bare.casefold():
                return moment.date()
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
                return dt.datetime.strptime(narrow(text), form).time()  # noqa: DTZ007
            except ValueError:
                continue
        raise CellFault("TIME", f"{text[:40]!r} is no time of day", f"{text[:40]!r} 不是时间")
