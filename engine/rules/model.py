"""The one typed form of a ruleset; every evaluator, view and check is made from it.

Values inside a ruleset are exact and typed once, at parsing:

| type     | Python value                                                        |
|----------|---------------------------------------------------------------------|
| money    | int, minor units of the ruleset's currency                          |
| int      | int                                                                 |
| percent  | Decimal fraction (5% is Decimal("0.05"))                            |
| code     | str                                                                 |
| text     | str                                                                 |
| bool     | bool                                                                |
| date     | datetime.date                                                       |
| time     | datetime.time                                                       |
| duration | Duration (seconds, and the text as written)                         |
| chain    | tuple[str, ...], ordered (outputs only)                             |
| list     | tuple[str, ...] (outputs only)                                      |
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from engine.base.findings import Span
from engine.base.text import Text


class Type(StrEnum):
    """Types of words and outputs."""

    MONEY = "money"
    INT = "int"
    PERCENT = "percent"
    CODE = "code"
    TEXT = "text"
    BOOL = "bool"
    DATE = "date"
    TIME = "time"
    DURATION = "duration"
    CHAIN = "chain"
    LIST = "list"


ORDERED = frozenset({Type.MONEY, Type.INT, Type.PERCENT, Type.DATE, Type.TIME, Type.DURATION})
"""Types that have < and ranges."""


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    """A length of time; compares by seconds, prints as it was written."""

    seconds: int
    written: str = field(compare=False)


Value = int | Decimal | str | bool | dt.date | dt.time | Duration | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the vocabulary: one meaning, one type, everywhere."""

    name: str
    type: Type
    label: Text
    values: Mapping[str, Text] | None = None
    nullable: bool = False
    minimum: Value | None = None
    iso20022: str | None = None


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words rulesets may use."""

    words: Mapping[str, Word]
    file: str


# --- operands and cells (S-FEEL unary tests) ---------------------------------------------


@dataclass(frozen=True, slots=True)
class Literal:
    """A typed constant; `written` is its text in the file."""

    value: Value
    written: str
    span: Span


@dataclass(frozen=True, slots=True)
class ParamRef:
    """`$name`."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class ColumnRef:
    """Another input column's name, in numeric and date columns."""

    name: str
    span: Span


Operand = Literal | ParamRef | ColumnRef


@dataclass(frozen=True, slots=True)
class AnyCell:
    """`-`: matches everything, null too."""


@dataclass(frozen=True, slots=True)
class NullCell:
    """`null`: matches only null."""


@dataclass(frozen=True, slots=True)
class Compare:
    """`= != < <= > >=` operand; never matches null."""

    op: str
    operand: Operand


@dataclass(frozen=True, slots=True)
class Range:
    """`[lo..hi]`, either end open or closed; never matches null."""

    low: Operand
    low_closed: bool
    high: Operand
    high_closed: bool


@dataclass(frozen=True, slots=True)
class TextTest:
    """`starts("x")`, `contains("x")`, `matches("RE2, whole value")`."""

    function: str
    argument: str
    span: Span


@dataclass(frozen=True, slots=True)
class OneOf:
    """`a, b, c`: any of."""

    items: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """`not(...)`: needs a value, and none of the inner tests matches it."""

    item: Cell


@dataclass(frozen=True, slots=True)
class WhenCell:
    """A truth formula over several columns (the column named `when`)."""

    formula: Formula


Cell = AnyCell | NullCell | Compare | Range | TextTest | OneOf | Not | WhenCell


# --- formulas -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Call:
    """A function call; operators are calls of "+", "-", "*", "/", "<", "and", "not" and so on."""

    function: str
    arguments: tuple[Formula, ...]
    span: Span


Formula = Literal | ParamRef | ColumnRef | Call


# --- outputs --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NullOutput:
    """`-` or an empty output cell: null."""


@dataclass(frozen=True, slots=True)
class Template:
    """Text with `{column}` places; parts are str or ColumnRef."""

    parts: tuple[str | ColumnRef, ...]


@dataclass(frozen=True, slots=True)
class FormulaOutput:
    """`= formula`."""

    formula: Formula


Output = NullOutput | Literal | ParamRef | Template | FormulaOutput


# --- tables and rulesets --------------------------------------------------------------------


class HitPolicy(StrEnum):
    """DMN hit policies."""

    UNIQUE = "unique"
    FIRST = "first"
    ANY = "any"
    PRIORITY = "priority"
    COLLECT = "collect"
    RULE_ORDER = "rule order"
    OUTPUT_ORDER = "output order"

    @property
    def single(self) -> bool:
        """Whether a decision has one outcome (and a gap is an error without `otherwise`)."""
        return self in {
            HitPolicy.UNIQUE,
            HitPolicy.FIRST,
            HitPolicy.ANY,
            HitPolicy.PRIORITY,
        }


@dataclass(frozen=True, slots=True)
class Column:
    """An input column (a vocabulary word, a derived column, or `when`) or an output column."""

    name: str
    type: Type
    label: Text
    span: Span
    values: Mapping[str, Text] | None = None
    nullable: bool = False
    minimum: Value | None = None
    derived: bool = False
    offers: Mapping[str, Text] | None = None
    """Labels of some values of an open list."""


@dataclass(frozen=True, slots=True)
class Row:
    """One rule. `cells` follow Table.inputs, `outputs` follow Table.outputs."""

    id: str
    span: Span
    """The whole row's line."""
    cells: tuple[Cell, ...]
    outputs: tuple[Output, ...]
    basis: str | None
    cell_spans: tuple[Span, ...]
    """One span per cell as written: id, inputs, outputs, basis, in file order."""


@dataclass(frozen=True, slots=True)
class Table:
    """A decision table."""

    inputs: tuple[Column, ...]
    outputs: tuple[Column, ...]
    rows: tuple[Row, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Derive:
    """A window over earlier matters: any, count, sum, min, max, last or distinct."""

    name: str
    function: str
    of: str
    same: tuple[str, ...]
    within: Duration
    states: tuple[str, ...]
    """State names, or ("live",): all but void, rejected, finally failed, bounced."""
    include_self: bool
    span: Span
    of_label: Text | None = None
    """What `of` is called, where it is a word of the vocabulary."""
    differs: tuple[str, ...] = ()
    """Facts that are known on both sides and not the same."""
    same_or_missing: tuple[str, ...] = ()
    """Facts that are the same, or missing on either side."""
    near: tuple[tuple[str, Decimal], ...] = ()
    """Amounts that differ by at most this share of the decided matter's own."""
    cleared: bool = True
    """False: earlier matters that a person cleared of being this one's twin do not count."""

    @property
    def counts(self) -> bool:
        """Whether matters themselves are counted, and no fact of them."""
        return self.function in ("any", "count")

    @property
    def words(self) -> tuple[str, ...]:
        """Every fact the window is counted by."""
        of = () if self.counts else (self.of,)
        near = tuple(name for name, _ in self.near)
        return (*of, *self.same, *self.differs, *self.same_or_missing, *near)


@dataclass(frozen=True, slots=True)
class Example:
    """One example row: given facts and branch, wanted row ids and outputs (texts as written)."""

    span: Span
    branch: str | None
    given: Mapping[str, Value | None]
    want_rows: tuple[str, ...] | None
    want: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Extensible:
    """What a ruleset lets a branch's extension do: rows it may replace, whether it may add rows."""

    replace: tuple[str, ...] = ()
    add: bool = False


@dataclass(frozen=True, slots=True)
class Origin:
    """Where one line of a composed text was written.

    `own`: in the extension's own text, else in the parent's. `pieces` map columns: composed
    column, written column, width; all 1-based, by composed column.
    """

    own: bool
    line: int
    pieces: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Extension:
    """How a composed ruleset came about."""

    parent: Ruleset
    """The ruleset it extends; composed itself where a sub-branch extends a branch."""
    text: str
    """The extension's own text (LF line ends); its SHA-256 is the ruleset's hash."""
    at: Span
    """The value of `extends:` in the extension's own text."""
    origins: tuple[Origin, ...]
    """One per line of the composed text."""
    tree: Mapping[str, str | None]
    """Organisation -> its parent, as far as it is known."""
    path: tuple[str, ...]
    """Organisations from the root (as far as known) down to the scope's own."""


@dataclass(frozen=True, slots=True)
class Ruleset:
    """A parsed, typed ruleset. `hash` is the SHA-256 of its text (LF line ends), hex."""

    file: str
    text: str
    hash: str
    kind: str
    name: str
    title: Text
    version: int
    effective_from: dt.date
    effective_to: dt.date | None
    scope_org: str
    subject: str
    currency: str
    hit_policy: HitPolicy
    params: Mapping[str, Literal]
    adjustable: Mapping[str, str]
    overrides: Mapping[str, Mapping[str, Literal]]
    derive: Mapping[str, Derive]
    otherwise: Mapping[str, Output] | None
    priority: Mapping[str, tuple[str, ...]] | None
    table: Table
    examples: tuple[Example, ...]
    extras: Mapping[str, object]
    """Envelope keys the kind adds (schedule, block_on, balance, shortage ...), schema-checked."""
    key_spans: Mapping[str, Span]
    """Dotted envelope path ("params.small", "overrides.SH.large") -> span of its value."""
    facts: Mapping[str, Column]
    """Every fact a decision may read: the table's inputs, derived columns, and the words that
    cells, formulas and templates name. `span` is the place of first use."""
    param_types: Mapping[str, Type]
    """Type of each parameter, from where it is used (money or int, both are int values)."""
    extensible: Extensible = Extensible()
    extension: Extension | None = None
    """Set when the ruleset was composed from a parent and the rows a branch wrote. Then `text` and
    every span are those of the composed text, `hash` is that of the branch's own text, and the
    decisions it makes depend on `extension.parent` too."""
