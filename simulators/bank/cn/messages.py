"""The CMS envelope: GB18030 bytes to fields and back."""

import re
from dataclasses import dataclass
from typing import Final

from lxml import etree

from simulators.common.http import Response
from simulators.common.xml import BadXml, add, parse

_DECLARATION: Final = re.compile(
    r"""^\s*<\?xml\s+version=["']1\.0["']\s+encoding=["'](GB18030|GBK|GB2312)["']\s*\?>""", re.I
)
_CONTENT_TYPE: Final = "application/xml; charset=GB18030"

RETURN_TEXTS: Final = {
    "0000": "成功",
    "0001": "已受理",
    "E001": "报文格式错误",
    "E002": "合计校验不符",
    "E003": "账号不是本客户账户",
    "E004": "批次号或参考号重复",
    "E009": "不支持的交易",
    "E404": "批次不存在",
    "E901": "系统忙",
    "E999": "系统错误",
}


@dataclass(frozen=True)
class Envelope:
    """A request: transaction code, the customer's serial, and its body."""

    code: str
    serial: str
    body: etree._Element


def read_envelope(body: bytes) -> Envelope:
    """The request in the bytes; raises BadXml."""
    try:
        text = body.decode("gb18030")
    except UnicodeDecodeError as error:
        raise BadXml(f"not GB18030: {error}") from error
    declaration = _DECLARATION.match(text)
    if declaration is None:
        raise BadXml("the XML declaration must say encoding GB18030")
    root = parse(text[declaration.end() :].encode("utf-8"))
    content = root.find("BODY")
    if root.tag != "CMS" or root.find("HEAD") is None or content is None:
        raise BadXml("CMS with HEAD and BODY is expected")
    return Envelope(field(root, "HEAD/TRCODE"), field(root, "HEAD/REQSN"), content)


def field(element: etree._Element, path: str) -> str:
    """Trimmed text of a descendant, empty when it is not there."""
    return (element.findtext(path) or "").strip()


def answer_root(request: Envelope | None, code: str, now: str, detail: str = "") -> etree._Element:
    """An answer's root: HEAD filled, BODY empty; `now` is YYYYMMDDHHMMSS.

    `detail` says more than the code's own text.
    """
    root = etree.Element("CMS")
    head = add(root, "HEAD")
    add(head, "TRCODE", request.code if request else "")
    add(head, "REQSN", request.serial if request else "")
    add(head, "TRDATE", now[:8])
    add(head, "TRTIME", now[8:])
    add(head, "RETCODE", code)
    text = RETURN_TEXTS[code]
    add(head, "RETMSG", f"{text}：{detail}" if detail else text)
    add(root, "BODY")
    return root


def body_of(root: etree._Element) -> etree._Element:
    """The BODY of an answer under construction."""
    return root[1]


def to_response(root: etree._Element, status: int = 200) -> Response:
    """GB18030 with its declaration."""
    text = etree.tostring(root, encoding="unicode")
    declared = f'<?xml version="1.0" encoding="GB18030"?>\n{text}'
    return Response(status, declared.encode("gb18030"), _CONTENT_TYPE)
