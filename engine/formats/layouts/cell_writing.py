"""One cell from value to text, refused where the bank would not take it."""

from __future__ import annotations

import datetime as dt
import unicodedata

from engine.base.money import decimals, format_major
from engine.formats.layouts.cells import (
    PADDING,
    UNSEEN,
    CellFault,
    codec_of,
    fitting,
    judge,
    scaled,
)
from engine.formats.layouts.model import MONEY, FieldDef, Form, Layout, Type, Value


class CellWriter:
    """Writes the cells of one field; text is checked before it is encoded."""

    def __init__(self, field: FieldDef, layout: Layout, currency: str) -> None:
        self.field = field
        self._currency = currency
        self._places = decimals(currency)
        self._checks = scaled(field, self._places)
        self._codec = codec_of(layout)
        self._form = field.format or (layout.dates[0] if layout.dates else "%Y%m%d")
        self._plain_separator = (
            layout.file.separator
            if layout.file.form is Form.DELIMITED and layout.file.quote is None
            else None
        )
        self._gb = self._codec in ("gb18030", "gbk")
        self._fixed = layout.file.form is Form.FIXED

    def write(self, value: Value) -> str:
        """The text of a value, padded in a fixed file; CellFault with the reason."""
        field = self.field
        if field.constant is not None:
            return self._padded(field.constant)
        if field.type is Type.IGNORED:
            return self._padded("")
        if isinstance(value, str):
            value = value.strip(PADDING)  # blanks at the ends are padding to whoever reads the file
        if value is None or value == "":
            if self._checks.required:
                raise CellFault("MISSING", "the value is missing; fill it in", "缺少取值；请补充")
            return self._padded("", empty=True)
        judge(self._checks, value, self._shown)
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
                if self._fixed and "-" in "".join(texts):
                    return self._one_by_one(values)
            case Type.YUAN:
                amounts = [value for value in values if type(value) is int]
                if len(amounts) != len(values) or self._places != 2 or min(amounts) < 0:
                    return self._one_by_one(values)
                texts = [f"{one // 100}.{one % 100:02d}" for one in amounts]
            case Type.DATE | Type.TIME:
                return self._one_by_one(values)
            case _:
                texts = [str(value) for value in values]
        if not self._within(values):
            return None
        if field.type in (Type.TEXT, Type.DIGITS):
            texts = [text.strip(PADDING) for text in texts]
        joined = "".join(texts)
        if field.type in (Type.TEXT, Type.DIGITS):
            if self._fixed and field.pad != " ":
                return self._one_by_one(values)
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
                text if size <= width else fitting(text, width, self._codec)
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
        private = self._gb and next((one for one in text if _nowhere(one)), None)
        if private:
            raise CellFault(
                "PRIVATE_CHARACTER",
                f"has the private or unassigned character U+{ord(private):04X}, which every bank "
                "prints as it likes; replace it in the document",
                f"含自造或未定义字符 U+{ord(private):04X}，各银行显示不一；请在单据中替换",
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
            return fitting(text, self.field.width, self._codec)
        raise CellFault(
            "TOO_LONG",
            f"{text[:40]!r} has {size} bytes, the bank takes {self.field.width}; shorten it in the "
            "document",
            f"{text[:40]!r} 为 {size} 字节，银行最多接受 {self.field.width}；请在单据中缩短",
        )

    def _padded(self, text: str, *, empty: bool = False) -> str:
        field = self.field
        if not self._fixed or field.width is None:
            return text
        if empty or field.type is Type.IGNORED:
            return " " * field.width
        pad, filling = field.pad, field.width - len(text.encode(self._codec))
        number = field.type in (Type.INT, *MONEY)
        if not number and pad != " " and field.constant is None:
            self._refuse_padding(text)
        if not field.align_right:
            return text + pad * filling
        if number and pad == "0" and text.startswith("-"):
            return "-" + pad * filling + text[1:]
        return pad * filling + text

    def _refuse_padding(self, text: str) -> None:
        """What begins (or ends) like its padding could not be told from it in the file."""
        pad = self.field.pad
        if text.startswith(pad) if self.field.align_right else text.endswith(pad):
            raise CellFault(
                "PADDING",
                f"{text[:40]!r} begins or ends with {pad!r}, with which the bank's file fills up; "
                "it could not be read back",
                f"{text[:40]!r} 的首尾与文件填充字符 {pad!r} 相同，写出后将无法还原",
            )

    def _shown(self, units: int) -> str:
        return format_major(units, self._currency) if self.field.type is Type.YUAN else str(units)


def _nowhere(character: str) -> bool:
    return unicodedata.category(character) in ("Co", "Cn")
