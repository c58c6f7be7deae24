"""What is said when a template is refused: the code, the template, the line, what to do."""

from __future__ import annotations

import signal
from collections.abc import Mapping

from engine.base.text import Text
from engine.formats.reading import FormatError

_SAYINGS: Mapping[str, tuple[str, Text]] = {
    "syntax": ("TEMPLATE_SYNTAX", Text("is not Jinja2; correct it", "不是合法的 Jinja2；请更正")),
    "field": (
        "TEMPLATE_FIELD",
        Text(
            "asks for a field there is none of; correct the name", "引用了不存在的字段；请更正名称"
        ),
    ),
    "forbidden": (
        "TEMPLATE_FORBIDDEN",
        Text(
            "reaches for what no template may; fill in fields only",
            "访问了模板不得访问的内容；只能填写字段",
        ),
    ),
    "failed": ("TEMPLATE_FAILED", Text("cannot be carried out; correct it", "无法执行；请更正")),
    "memory": (
        "TEMPLATE_MEMORY",
        Text(
            "takes more memory than allowed; write less at once",
            "占用内存超限；请减少一次生成的内容",
        ),
    ),
    "output": (
        "TEMPLATE_OUTPUT",
        Text("writes more than such a message can have; correct it", "输出超过报文上限；请更正"),
    ),
    "encoding": (
        "TEMPLATE_ENCODING",
        Text(
            "writes a character the bank's encoding lacks; replace it",
            "写出了银行编码中没有的字符；请替换",
        ),
    ),
    "time": (
        "TEMPLATE_TIME",
        Text(
            "takes more time than allowed and was stopped; correct its loops",
            "耗时超限，已终止；请更正其中的循环",
        ),
    ),
}


def refused(name: str, told: object) -> FormatError:
    """The fault that the child told of; what it says is only text to us."""
    found = told if isinstance(told, dict) else {}
    line, said = found.get("line"), str(found.get("said", ""))[:300]
    kind = str(found.get("kind"))
    return _fault(name, kind, line if isinstance(line, int) else None, said)


def too_long(name: str) -> FormatError:
    """More bytes than allowed came out."""
    return _fault(name, "output", None, "")


def too_slow(name: str) -> FormatError:
    """No answer in time."""
    return _fault(name, "time", None, "")


def crashed(name: str, code: int) -> FormatError:
    """The program is gone: killed at the end of its processor time, or something unforeseen."""
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return _fault(name, "time", None, "")
    return FormatError(
        "TEMPLATE_ENDED",
        Text(
            f"template {name} ended the program it ran in ({code}); correct the template",
            f"模板 {name} 使其运行程序终止（{code}）；请更正模板",
        ),
    )


def _fault(name: str, kind: str, line: int | None, said: str) -> FormatError:
    code, text = _SAYINGS.get(kind, _SAYINGS["failed"])
    place, place_zh = (f" line {line}", f" 第 {line} 行") if line else ("", "")
    more, more_zh = (f" ({said})", f"（{said}）") if said else ("", "")
    return FormatError(
        code,
        Text(
            f"template {name}{place} {text.en}{more}",
            f"模板 {name}{place_zh} {text.zh}{more_zh}",
        ),
    )
