"""Templates nobody trusts: what they may not do ends with a named error, never with harm."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from engine.formats.reading import FormatError
from engine.formats.xml_out.rendering import Allowance, Job, LimitedRenderer, Template

QUICK = Allowance(seconds=1, wait=5.0, rows_in_a_second=1_000_000)


def job(source: str, owner: str = "bank", rows: int = 2) -> Job:
    return Job(
        Template("bank/test.j2", source, owner),
        "utf-8",
        {"message_id": "M<1>", "nothing": None},
        "items",
        ("name", "amount"),
        [(f"n{number}", number) for number in range(rows)],
    )


def rendered(source: str, allowance: Allowance = QUICK) -> str:
    renderer = LimitedRenderer(allowance)
    try:
        return b"".join(renderer.render(job(source))).decode()
    finally:
        renderer.close()


def refusal(source: str, allowance: Allowance = QUICK) -> FormatError:
    with pytest.raises(FormatError) as refused:
        rendered(source, allowance)
    assert "bank/test.j2" in refused.value.text.en
    assert "bank/test.j2" in refused.value.text.zh
    return refused.value


def test_values_are_escaped_and_rows_may_be_asked_twice() -> None:
    table = "{% for one in items %}{{ loop.index }}{{ one.name }}{{ one['amount'] }};{% endfor %}"
    assert rendered("{{ message_id }} {{ items|length }} " + table * 2) == (
        "M&lt;1&gt; 2 1n00;2n11;1n00;2n11;"
    )


LOOP = "{% for a in range(99999) %}"


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (LOOP * 4 + "{% endfor %}" * 4, "TEMPLATE_TIME"),
        ("{{ 9 ** (9 ** 8) }}", "TEMPLATE_TIME"),
        (
            "{% macro again(n) %}{{ again(n) }}{{ again(n) }}{% endmacro %}{{ again(1) }}",
            "TEMPLATE_FAILED",
        ),
        ("{{ 'x' * 100000000 }}", "TEMPLATE_MEMORY"),
        ("{% set x = 'x' * 100000000 %}", "TEMPLATE_MEMORY"),
        ("{{ '%0100000000d' % 1 }}", "TEMPLATE_MEMORY"),
        ("{{ '{:>100000000}'.format(1) }}", "TEMPLATE_MEMORY"),
        ("{{ 'x'.ljust(100000000) }}", "TEMPLATE_MEMORY"),
        ("{{ range(99999)|list|list * 1000 }}", "TEMPLATE_MEMORY"),
        (
            "{% set n = namespace(x='x') %}{% for a in range(60) %}{% set n.x = n.x + n.x %}"
            "{% endfor %}",
            "TEMPLATE_MEMORY",
        ),
        (LOOP + "{{ 'x' * 100 }}{% endfor %}", "TEMPLATE_OUTPUT"),
        ("{{ 'x' * 300000 }}", "TEMPLATE_OUTPUT"),
        ("{{ range(10 ** 9) }}", "TEMPLATE_FAILED"),
        ("{{ ''.__class__ }}", "TEMPLATE_FORBIDDEN"),
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "TEMPLATE_FORBIDDEN"),
        ("{{ ''['__class__'] }}", "TEMPLATE_FORBIDDEN"),
        ("{{ ''|attr('__class__') }}", "TEMPLATE_FORBIDDEN"),
        ("{{ '{0.__class__}'.format(1) }}", "TEMPLATE_FORBIDDEN"),
        ("{{ items.__init__.__globals__ }}", "TEMPLATE_FORBIDDEN"),
        ("{{ items._rows }}", "TEMPLATE_FORBIDDEN"),
        ("{{ range.__globals__ }}", "TEMPLATE_FORBIDDEN"),
        ("{% macro m() %}{% endmacro %}{{ m._func.__globals__ }}", "TEMPLATE_FORBIDDEN"),
        ("{{ self.__init__ }}", "TEMPLATE_FORBIDDEN"),
        ("{% for one in items %}{{ one.update({}) }}{% endfor %}", "TEMPLATE_FIELD"),
        ("{{ (dict(a=1)).pop('a') }}", "TEMPLATE_FIELD"),
        ("{{ [1].append(2) }}", "TEMPLATE_FORBIDDEN"),
        ("{{ config }}", "TEMPLATE_FIELD"),
        ("{{ lipsum() }}", "TEMPLATE_FIELD"),
        ("{{ [1, 2]|random }}", "TEMPLATE_SYNTAX"),
        ("{% include '/etc/passwd' %}", "TEMPLATE_FAILED"),
        ("{% extends '/etc/passwd' %}", "TEMPLATE_FAILED"),
        ("{{ 1 / 0 }}", "TEMPLATE_FAILED"),
        ("{{ nothing.x }}", "TEMPLATE_FIELD"),
        ("{{ '\\ud800' }}", "TEMPLATE_ENCODING"),
        ("{% if %}", "TEMPLATE_SYNTAX"),
        ("{{ " + "(" * 5_000 + ")" * 5_000 + " }}", "TEMPLATE_FAILED"),
    ],
)
def test_what_a_template_may_not_do_has_a_name(source: str, code: str) -> None:
    assert refusal(source).code == code


def test_a_template_that_waits_for_ever_is_stopped_by_the_clock() -> None:
    begun = time.monotonic()
    patient = replace(QUICK, seconds=1_000, wait=0.5)
    assert refusal(LOOP * 3 + "{% endfor %}" * 3, patient).code == "TEMPLATE_TIME"
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("a\nb\n{{ c }}\n", 3),
        ("a\n{% if %}", 2),
        ("{% for a in [1] %}\n\n{{ ''.__class__ }}\n{% endfor %}", 3),
        ("\n\n\n{{ 1 / 0 }}", 4),
    ],
)
def test_the_line_of_a_fault_is_named(source: str, line: int) -> None:
    assert f"line {line} " in refusal(source).text.en


def test_a_program_is_kept_for_its_owner_and_not_lent_to_another() -> None:
    renderer = LimitedRenderer(QUICK)
    try:
        for owner in ("a", "a", "b"):
            assert b"".join(renderer.render(job("{{ message_id }}", owner))) == b"M&lt;1&gt;"
        assert sorted(owner for owner, _ in renderer.waiting()) == ["a", "b"]
    finally:
        renderer.close()


def test_after_a_refusal_the_next_message_is_rendered() -> None:
    renderer = LimitedRenderer(QUICK)
    try:
        for source in ("{{ ''.__class__ }}", "{{ 'x' * 100000000 }}", "{{ 9 ** (9 ** 8) }}"):
            with pytest.raises(FormatError):
                list(renderer.render(job(source)))
            assert b"".join(renderer.render(job("{{ message_id }}"))) == b"M&lt;1&gt;"
    finally:
        renderer.close()


def test_whoever_stops_reading_leaves_no_half_answer_behind() -> None:
    renderer = LimitedRenderer(QUICK)
    try:
        long = job("{% for one in items %}{{ one.name }}{{ 'x' * 1000 }}{% endfor %}", rows=5_000)
        half = renderer.render(long)
        next(half)
        half.close()  # type: ignore[attr-defined]
        assert b"".join(renderer.render(job("{{ message_id }}"))) == b"M&lt;1&gt;"
    finally:
        renderer.close()


def test_no_file_and_no_environment_is_within_reach_of_the_program() -> None:
    """Even code that had left the sandbox would find nothing to open."""
    renderer = LimitedRenderer(QUICK)
    try:
        b"".join(renderer.render(job("{{ message_id }}")))
        ((_, pid),) = renderer.waiting()
        told = Path(f"/proc/{pid}/limits").read_text("ascii").splitlines()
        limits = {line[:26].strip(): line[26:47].strip() for line in told}
        assert limits["Max open files"] == "4"
        assert limits["Max file size"] == "0"
        assert limits["Max core file size"] == "0"
        assert limits["Max processes"] == "0"
        assert int(limits["Max address space"]) < 2**30
        assert Path(f"/proc/{pid}/environ").read_bytes().strip(b"\0") == b""
    finally:
        renderer.close()
