"""What the comments of a new ruleset say: what each column holds, and how its cells are written."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence

from engine.base.text import Lang, Text
from engine.rules.kind import Kind
from engine.rules.model import HitPolicy, Type, Word

_WIDTH = 98
"""Columns of a line; a Chinese character takes two."""
_CLOSING = "，。；：、？！）,.;:?!)"

POLICIES: Mapping[HitPolicy, Text] = {
    HitPolicy.UNIQUE: Text(
        "exactly one row matches: overlaps and gaps are errors", "恰有一行命中：重叠与缺口均为错误"
    ),
    HitPolicy.FIRST: Text(
        "the first row from above that matches decides", "自上而下第一个命中的行决定结果"
    ),
    HitPolicy.ANY: Text(
        "several rows may match if their outcomes are equal", "允许多行命中，但结果须相同"
    ),
    HitPolicy.PRIORITY: Text(
        "the row whose outcome stands first under `priority` decides",
        "按 priority 排序，结果优先级最高的行决定",
    ),
    HitPolicy.COLLECT: Text(
        "every row that matches counts; none need match", "所有命中的行都计入；允许无行命中"
    ),
    HitPolicy.RULE_ORDER: Text(
        "every row that matches counts, in the order of the table", "所有命中的行按表中次序计入"
    ),
    HitPolicy.OUTPUT_ORDER: Text(
        "every row that matches counts, in the order of `priority`",
        "所有命中的行按 priority 次序计入",
    ),
}
_FORMS: Mapping[Type, Text] = {
    Type.MONEY: Text("5万, >= $large, [5万..50万)", "5万、>= $large、[5万..50万)"),
    Type.INT: Text("3, > 2, [1..5]", "3、> 2、[1..5]"),
    Type.PERCENT: Text("5%, >= 90%", "5%、>= 90%"),
    Type.DURATION: Text("4h, [1h..1d), >= 30min", "4h、[1h..1d)、>= 30min"),
    Type.DATE: Text("2026-12-01, [2026-01-01..2026-01-03]", "2026-12-01、区间 [起..止]"),
    Type.TIME: Text("16:30, < 16:30", "16:30、< 16:30"),
    Type.BOOL: Text("true, false", "true、false"),
    Type.CODE: Text("one code, several with commas, not(…)", "一个代码，多个用逗号分隔，not(…)"),
    Type.TEXT: Text(
        'a text, starts("62"), contains("测试")', '文本、starts("62")、contains("测试")'
    ),
}
"""How a condition on a word of the type is written."""
_GIVEN: Mapping[Type, Text] = {
    Type.MONEY: Text("10万, $large, = a formula", "10万、$large、= 公式"),
    Type.INT: Text("500, $most", "500、$most"),
    Type.PERCENT: Text("5%, $share", "5%、$share"),
    Type.DURATION: Text("4h, 30min, 2d", "4h、30min、2d"),
    Type.DATE: Text("2026-12-01", "2026-12-01"),
    Type.TIME: Text("16:30", "16:30"),
    Type.BOOL: Text("true, false", "true、false"),
    Type.CODE: Text("one code", "一个代码"),
    Type.TEXT: Text("free text, with {amount} for a fact", "自由文本，可用 {amount} 引用事实"),
    Type.CHAIN: Text("roles in order: a > b", "按顺序的角色：a > b"),
    Type.LIST: Text("several with commas: a, b", "多个用逗号分隔：a, b"),
}
"""How an outcome of the type is written."""
_CELLS = (
    Text(
        "An input cell: `-` asks nothing; `null` means missing; several values with commas; "
        "`not(…)` all others; `$name` is a parameter from `params`.",
        "条件单元格：- 表示不限；null 表示缺失；多个值用逗号分隔；not(…) 表示除此之外；"
        "$名称引用 params 中的参数。",
    ),
    Text(
        "An outcome cell: `-` gives nothing. `basis` names the regulation or the reason; it is "
        "free text.",
        "结果单元格：- 表示不给出。basis 填写制度条款或理由，为自由文本。",
    ),
    Text(
        "Examples are tests: `id` lists the rows that must match, `none` for no row.",
        "示例即测试：id 列出应命中的行，none 表示无行命中。",
    ),
)


def heading(kind: Kind, langs: Sequence[Lang]) -> Iterator[str]:
    """What the kind decides."""
    for lang in langs:
        colon = ": " if lang == "en" else "："
        yield from _wrapped(f"{kind.title.say(lang)}{colon}{kind.about.say(lang)}", lang)


def policies(kind: Kind, langs: Sequence[Lang]) -> Iterator[str]:
    """The hit policies the kind allows."""
    for one in HitPolicy:
        if one in kind.hit_policies:
            yield f"#   {one.value}: {_said(POLICIES[one], langs)}"


def columns(
    kind: Kind, words: Sequence[Word], used: Sequence[str], langs: Sequence[Lang]
) -> Iterator[str]:
    """Each column of the table with its type and its values, then what else could be one."""
    yield from _say(Text("Columns before => are what is asked:", "=> 之前的列为判断条件："), langs)
    yield from (_word(one, langs) for one in words if one.name in used)
    others = [f"{one.name} ({one.label.say(langs[0])})" for one in words if one.name not in used]
    if others:
        title = Text("These may be columns too:", "还可用作条件列：")
        yield from _say(title, langs)
        yield from _wrapped(", ".join(others), "en", indent="  ")
    yield from _say(Text("Columns behind => are the outcome:", "=> 之后的列为结果："), langs)
    for name, spec in kind.outputs.items():
        label = _said(spec.label, langs)
        must = " ".join(_required(lang) for lang in langs) if spec.required else ""
        listing = _values(spec.values, langs) or _said(_GIVEN[spec.type], langs)
        yield f"#   {name}: {label}{f' {must}' if must else ''}; {listing}"
    for text in _CELLS:
        yield from _say(text, langs)


def _required(lang: Lang) -> str:
    return "(required)" if lang == "en" else "（必填）"


def _word(word: Word, langs: Sequence[Lang]) -> str:
    label = _said(word.label, langs)
    listing = _values(word.values, langs) or _said(_FORMS[word.type], langs)
    return f"#   {word.name}: {label}; {word.type.value}; {listing}"


def _values(values: Mapping[str, Text] | None, langs: Sequence[Lang]) -> str:
    """The codes, each with the labels that say more than the code."""
    found = []
    for code, label in (values or {}).items():
        said = [one for one in (label.say(x) for x in langs) if one != code.replace("_", " ")]
        found.append(f"{code} ({' / '.join(said)})" if said else code)
    return ", ".join(found)


def _said(text: Text, langs: Sequence[Lang]) -> str:
    return " / ".join(dict.fromkeys(text.say(lang) for lang in langs))


def _say(text: Text, langs: Sequence[Lang]) -> Iterator[str]:
    for lang in langs:
        yield from _wrapped(text.say(lang), lang)


def _wrapped(text: str, lang: Lang, indent: str = "") -> Iterator[str]:
    """Lines of a comment; a Chinese line does not begin with closing punctuation."""
    if lang == "en":
        yield from (f"# {indent}{line}" for line in textwrap.wrap(text, _WIDTH))
        return
    rest = text
    while rest:
        cut = min(len(rest), _WIDTH // 2)
        while cut < len(rest) and rest[cut] in _CLOSING:
            cut += 1
        yield f"# {indent}{rest[:cut]}"
        rest = rest[cut:].lstrip()
