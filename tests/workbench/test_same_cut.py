"""The grid cuts a text into the cells that the engine reads."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from api.pages.assets import asset
from engine.base.collector import Collector
from engine.base.yaml_marks import compose
from engine.rules.edit.source import Source
from engine.rules.edit.tables import Sheet
from engine.rules.lexer import cut
from tests.pages.browser import Visit
from tests.workbench.desk import Desk

PIECES = [
    "|",
    "=>",
    "｜",
    "＝＞",
    "\\|",
    "\\\\",
    "\\",
    '"',
    "＂",
    ",",
    "，",
    "(",
    "[",
    "<",
    ">=",
    "a",
    "x y",
    "§3",
    "理赔",
    "😀",
    " ",
    "  ",
    "\t",
    "　",
    "-",
    '5" pipe',
    "#",
    "＃",
]
LINES: SearchStrategy[str] = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)
SHIPPED = sorted((Path(__file__).parents[2] / "rulesets").rglob("*.yaml"))

CUT = """async ([module, lines]) => {
  const { cut } = await import(module);
  return lines.map((line) => {
    const { cells, arrow, arrows } = cut(line);
    return [cells.map((one) => [one.text, one.from]), arrow, arrows];
  });
}"""

TABLES = """async ([module, texts]) => {
  const { tables } = await import(module);
  const doc = (text) => ({ iterLines: () => text.split("\\n") });
  return texts.map((text) => tables(doc(text)));
}"""


def _page(desk: Desk) -> Visit:
    visit = desk.visit("analyst")
    visit.go("/rulesets")
    return visit


def test_random_lines_are_cut_alike(desk: Desk) -> None:
    visit = _page(desk)

    @settings(max_examples=15, deadline=None)
    @given(lines=st.lists(LINES, min_size=100, max_size=200))
    def alike(lines: list[str]) -> None:
        found = visit.page.evaluate(CUT, [asset("table-text.js"), lines])
        for line, (cells, arrow, arrows) in zip(lines, found, strict=True):
            mine = cut(line, 1)
            # The browser counts UTF-16 units.
            places = [
                [one.source, len(line[: one.column - 1].encode("utf-16-le")) // 2]
                for one in mine.cells
            ]
            assert [cells, arrow, arrows] == [places, mine.arrow, len(mine.arrows)], line

    alike()


def test_the_tables_of_every_shipped_ruleset_are_found_where_the_engine_has_them(
    desk: Desk,
) -> None:
    texts = [file.read_text("utf-8") for file in SHIPPED if file.name != "vocabulary.yaml"]
    assert len(texts) > 15
    found = _page(desk).page.evaluate(TABLES, [asset("table-text.js"), texts])
    for text, tables in zip(texts, found, strict=True):
        source = Source(text)
        root = compose(source.plain(), Collector("x"))
        assert root is not None
        for name in ("rules", "examples"):
            if name not in root.entries:
                assert name not in tables
                continue
            sheet = Sheet(source, root, name)
            wanted = {
                "header": sheet.number(sheet.header),
                "rows": [sheet.number(row) for row in sheet.rows],
            }
            assert tables[name] == wanted, json.dumps(tables[name])
