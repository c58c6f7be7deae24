"""What templates write is what Jinja2 itself would have written with autoescaping."""

from __future__ import annotations

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.formats.xml_out.child import Environment

SOURCES = (
    "<Nm>{{ row.name }}</Nm>",
    "{% for one in [row.name, 7, none] %}<Nm>{{ one }}</Nm>{% endfor %}",
    "{{ row.name ~ '<' }}{{ row.name|upper }}{{ row.name|e }}{{ (row.name|e)|e }}",
    "{% set part %}<{{ row.name }}>{% endset %}{{ part }}",
    "{% macro said(text) %}<{{ text }}>{% endmacro %}{{ said(row.name) }}{{ said('<') }}",
    "{% autoescape false %}{{ row.name }}{% endautoescape %}{{ row.name }}",
    "{{ row.name if row.name else 'none' }}{{ row.name|replace('&', '<') }}",
)


@pytest.mark.parametrize("source", SOURCES)
@given(name=st.text(st.sampled_from("ab 王&<>'\";\x7f")) | st.text())
def test_it_is_what_jinja_writes(source: str, name: str) -> None:
    plain = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, extensions=[]
    ).from_string(source)
    values = {"row": {"name": name}}
    assert Environment().from_string(source).render(values) == plain.render(values)
