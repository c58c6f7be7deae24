"""`sluice check | test | fmt | diff | decide`: text, JSON and exit codes as programs read them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from api.cli import decide, diff, rules

HEAD = """kind: approval
name: payment-approval
title: {en: Payment approval, zh: 付款审批}
version: 1
effective: {from: 2020-01-01, to: 2030-12-31}
scope: {org: GROUP, subject: payment}
params: {large: 50万}
adjustable: {large: down}
overrides: {SH: {large: 30万}}
hit_policy: unique
"""
GOOD = f"""{HEAD}rules: |
  id | amount    | creditor_type => approvers      | sla
  A1 | < $large  | -             => reviewer       | 4h
  A2 | >= $large | -             => reviewer > cfo | -
examples: |
  branch | amount | creditor_type => id
  BJ     | 30万   | staff         => A1
  SH     | 30万   | staff         => A2
"""
VOCABULARY = """amount: {type: money, en: amount, zh: 金额}
creditor_type: {type: code, en: payee, zh: 收款人, values: {staff: 员工, agent: 代理人}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "vocabulary.yaml").write_text(VOCABULARY, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(name: str, text: str) -> str:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text, encoding="utf-8")
    return name


def sluice(*arguments: str, given: str = "") -> Result:
    app = typer.Typer()
    rules.register(app)
    diff.register(app)
    decide.register(app)
    return CliRunner().invoke(app, list(arguments), input=given)


@pytest.mark.usefixtures("folder")
class TestCheck:
    def test_a_wrong_file_is_shown_with_line_and_caret(self) -> None:
        put("rulesets/approval/a.yaml", GOOD.replace("| creditor_type =>", "| creditor_typ  =>"))
        result = sluice("check", "rulesets")
        assert result.exit_code == 1
        assert result.stdout.splitlines()[:4] == [
            "rulesets/approval/a.yaml:12:20: error[R102] unknown column 'creditor_typ'; "
            "did you mean 'creditor_type'?",
            "    |",
            " 12 |   id | amount    | creditor_typ  => approvers      | sla",
            "    |                    ^^^^^^^^^^^^",
        ]
        assert result.stdout.splitlines()[-1] == "2 errors, 0 warnings in 1 file"

    def test_a_caret_counts_wide_characters_as_two(self) -> None:
        put("a.yaml", GOOD.replace("30万   | staff         => A1", "30万   | 员工          => A1"))
        lines = sluice("check", "a.yaml").stdout.splitlines()
        assert lines[2] == " 17 |   BJ     | 30万   | 员工          => A1"
        assert lines[3] == "    |                     ^^^^"

    def test_a_good_file_exits_zero(self) -> None:
        result = sluice("check", put("a.yaml", GOOD))
        assert (result.exit_code, result.stdout) == (0, "0 errors, 0 warnings in 1 file\n")

    def test_json_has_every_finding_and_the_counts(self) -> None:
        text = GOOD.replace("< $large ", "<= $large")
        result = sluice("check", put("a.yaml", text), "--format", "json", "--lang", "zh")
        found = json.loads(result.stdout)
        assert result.exit_code == 1
        codes = [one["code"] for one in found["findings"]]
        assert codes == ["R301", "R403", "R404"]
        assert (found["errors"], found["warnings"]) == (2, 1)
        assert found["findings"][0] == {
            "file": "a.yaml",
            "line": 14,
            "column": 3,
            "severity": "error",
            "code": "R301",
            "message": "当 amount = 500,000 时，A1 与 A2 同时命中；"
            "请收窄其中一行的条件，或改用其他命中策略",
            "hint": "请收窄其中一行的条件，或改用其他命中策略",
        }

    def test_warnings_alone_exit_zero_unless_strict(self) -> None:
        name = put("a.yaml", GOOD[: GOOD.index("  SH     |")])
        assert sluice("check", name).exit_code == 0
        assert sluice("check", name, "--strict").exit_code == 1

    @pytest.mark.parametrize("content", [b"kind: \xff", b"\x00\x01\x02"])
    def test_a_binary_file_exits_two(self, content: bytes) -> None:
        Path("a.yaml").write_bytes(content)
        result = sluice("check", "a.yaml")
        assert result.exit_code == 2
        assert "R001" in result.stdout

    def test_a_missing_path_exits_two_with_a_sentence(self) -> None:
        result = sluice("check", "nothing", "--lang", "zh")
        assert (result.exit_code, result.stdout) == (2, "")
        assert "不存在" in result.stderr


@pytest.mark.usefixtures("folder")
class TestTest:
    def test_all_examples_hold(self) -> None:
        result = sluice("test", put("a.yaml", GOOD))
        assert result.exit_code == 0
        assert result.stdout.splitlines()[-1] == (
            "2 examples, 0 failed, 0 rows without an example in 1 file"
        )

    def test_json_names_failed_examples_and_unhit_rows(self) -> None:
        text = GOOD.replace("SH     | 30万   | staff         => A2", "SH | 1 | agent => A2")
        result = sluice("test", put("a.yaml", text), "--format", "json")
        assert result.exit_code == 1
        assert json.loads(result.stdout) == {
            "examples": 2,
            "failed": [
                {
                    "file": "a.yaml",
                    "line": 18,
                    "given": {"branch": "SH", "amount": "1.00", "creditor_type": "agent"},
                    "want": {"id": "A2"},
                    "got": {"id": "A1"},
                }
            ],
            "unhit": [{"file": "a.yaml", "row": "A2"}],
        }

    def test_a_file_that_does_not_load_is_said_on_stderr(self) -> None:
        result = sluice("test", put("a.yaml", GOOD.replace("sla", "sal")))
        assert result.exit_code == 1
        assert "R104" in result.stderr


@pytest.mark.usefixtures("folder")
class TestFmt:
    UGLY = GOOD.replace("< $large  | -             =>", "＜$large|-=>")

    def test_check_writes_nothing_and_exits_one(self) -> None:
        result = sluice("fmt", "--check", put("a.yaml", self.UGLY))
        assert result.exit_code == 1
        assert result.stdout == "a.yaml\n1 of 1 file would change\n"
        assert Path("a.yaml").read_text(encoding="utf-8") == self.UGLY

    def test_files_are_written_once(self) -> None:
        name = put("a.yaml", self.UGLY)
        assert sluice("fmt", name).exit_code == 0
        assert Path("a.yaml").read_text(encoding="utf-8") == GOOD
        assert sluice("fmt", name, "--check").stdout == "0 of 1 file would change\n"

    def test_a_table_that_cannot_be_read_stays_and_exits_one(self) -> None:
        broken = GOOD.replace("| 4h", "")
        result = sluice("fmt", put("a.yaml", broken))
        assert result.exit_code == 1
        assert Path("a.yaml").read_text(encoding="utf-8") == broken


@pytest.mark.usefixtures("folder")
class TestDiff:
    def test_json_and_exit_codes(self) -> None:
        old, new = put("a.yaml", GOOD), put("b.yaml", GOOD.replace("50万", "60万"))
        result = sluice("diff", old, new, "--format", "json")
        assert result.exit_code == 0
        assert json.loads(result.stdout) == {
            "added": [],
            "removed": [],
            "changed": {},
            "moved": [],
            "envelope": {"params.large": ["50万", "60万"]},
        }
        assert sluice("diff", old, new, "--exit-code").exit_code == 3
        assert sluice("diff", old, old, "--exit-code").exit_code == 0

    def test_text_shows_added_rows_as_sentences_and_ends_with_the_summary(self) -> None:
        new = GOOD.replace(">= $large | -  ", ">= $large | staff").replace(
            "examples: |", "  A3 | >= $large | agent => cfo | 1h\nexamples: |"
        )
        lines = sluice("diff", put("a.yaml", GOOD), put("b.yaml", new)).stdout.splitlines()
        assert lines == [
            "payment-approval 1 against payment-approval 1",
            "  + A3. When amount is at least 500,000 (large) and payee is agent: "
            "approvers chief financial officer; time for a step 1 hour.",
            "  ~ A2  creditor_type: - → staff",
            "1 row added, 0 removed, 1 changed, 0 moved; 0 envelope values changed",
        ]


@pytest.mark.usefixtures("folder")
class TestDecide:
    def decided(self, facts: str, *options: str) -> tuple[int, list[dict[str, object]]]:
        name = put("a.yaml", GOOD)
        result = sluice("decide", name, "--facts", "-", *options, given=facts)
        return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()]

    def test_each_fact_gets_a_line_in_order(self) -> None:
        facts = '{"amount": "49999.99"}\n{"amount": 600000, "creditor_type": "staff"}\n'
        exit_code, lines = self.decided(facts.replace('99"}', '99", "creditor_type": "agent"}'))
        assert exit_code == 0
        assert lines == [
            {"rows": ["A1"], "outcome": {"approvers": ["reviewer"], "sla": "4h"}},
            {"rows": ["A2"], "outcome": {"approvers": ["reviewer", "cfo"], "sla": None}},
        ]

    def test_an_option_or_the_fact_names_the_branch(self) -> None:
        fact = '{"amount": "300000", "creditor_type": "staff", "branch": "SH"}\n'
        assert self.decided(fact)[1][0]["rows"] == ["A2"]
        assert self.decided(fact, "--branch", "BJ")[1][0]["rows"] == ["A1"]
        assert self.decided(fact.replace("SH", "BJ"), "--branch", "SH")[1][0]["rows"] == ["A2"]

    @pytest.mark.parametrize(
        ("fact", "code"),
        [
            ('{"amount": 1.5, "creditor_type": "staff"}', "FACT_FLOAT"),
            ('{"creditor_type": "staff"}', "FACT_MISSING"),
            ('{"amount": "1", "creditor_type": "boss"}', "FACT_NOT_LISTED"),
            ('{"amount": true, "creditor_type": "staff"}', "FACT_TYPE"),
            ('{"amount": "1", "creditor_type": "staff", "branch": 7}', "FACT_TYPE"),
            ("not json", "FACT_UNREADABLE"),
            ("[1]", "FACT_UNREADABLE"),
            ("[" * 100_000, "FACT_UNREADABLE"),
        ],
    )
    def test_a_fact_that_cannot_be_decided_is_refused_in_its_place(
        self, fact: str, code: str
    ) -> None:
        good = '{"amount": "1", "creditor_type": "staff"}'
        exit_code, lines = self.decided(f"{good}\n{fact}\n{good}\n")
        assert exit_code == 1
        error = lines[1]["error"]
        assert isinstance(error, dict)
        assert (error["code"], set(error)) == (code, {"code", "message"})
        assert lines[0]["rows"] == lines[2]["rows"] == ["A1"]

    def test_outside_its_dates_a_ruleset_decides_nothing(self) -> None:
        fact = '{"amount": "1", "creditor_type": "staff"}\n'
        assert self.decided(fact, "--on", "2030-12-31")[0] == 0
        exit_code, lines = self.decided(fact, "--on", "2031-01-01")
        assert exit_code == 1
        assert "NOT_IN_FORCE" in json.dumps(lines[0])

    @pytest.mark.parametrize(
        ("options", "sentence"),
        [
            (["--engine", "drools"], "there is no engine 'drools'"),
            (["--on", "20261201"], "is not a date"),
            (["--on", "2026-02-30"], "is not a date"),
            (["--facts", "nothing.jsonl"], "is no file"),
        ],
    )
    def test_bad_options_exit_two_with_a_sentence(self, options: list[str], sentence: str) -> None:
        result = sluice("decide", put("a.yaml", GOOD), "--facts", "-", *options)
        assert (result.exit_code, result.stdout) == (2, "")
        assert sentence in result.stderr

    def test_facts_that_are_not_utf8_exit_two(self) -> None:
        Path("facts.jsonl").write_bytes(b'{"amount": "\xff"}\n')
        result = sluice("decide", put("a.yaml", GOOD), "--facts", "facts.jsonl")
        assert result.exit_code == 2
        assert "facts.jsonl:1: this is not UTF-8" in result.stderr
