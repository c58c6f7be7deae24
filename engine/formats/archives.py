"""Zip files with bank files in them: opened within limits, and taken whole or not at all."""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import PurePosixPath

from engine.base.text import Text
from engine.formats.reading import FormatError

MAGIC = b"PK\x03\x04"
MAX_MEMBERS = 200
MAX_TOTAL = 256 * 1024 * 1024
"""Bytes of all members together, unpacked."""
MAX_RATIO = 200
"""Unpacked bytes per packed byte; text of banks packs to a tenth, a bomb to a thousandth."""
_SMALL = 64 * 1024
"""Members up to this size may pack as well as they like."""
_BLOCK = 256 * 1024
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)
"""What zipfile raises for bytes that are no zip file after all."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive."""

    name: str
    content: bytes


def is_archive(content: bytes) -> bool:
    """Whether it is a zip file of files (and not a workbook, which is a zip file too)."""
    return content.startswith(MAGIC) and b"[Content_Types].xml" not in content[:4096]


def members_of(content: bytes) -> tuple[Member, ...]:
    """All files of a zip file, unpacked.

    Raises FormatError ZIP_BROKEN, ZIP_EMPTY, ZIP_MEMBERS, ZIP_NAME, ZIP_ENCRYPTED, ZIP_BOMB,
    ZIP_NESTED. Sizes are counted while unpacking: what the file says of itself is not believed.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = [one for one in archive.infolist() if not one.is_dir()]
            _check(infos)
            left, members = MAX_TOTAL, []
            for info in infos:
                found = _unpacked(archive, info, left)
                left -= len(found)
                members.append(Member(info.filename, found))
    except _BROKEN as error:
        raise FormatError(
            "ZIP_BROKEN",
            Text(
                f"the zip file is broken ({error}); get it again",
                f"压缩包已损坏({error});请重新获取",
            ),
        ) from error
    return tuple(members)


def _check(infos: list[zipfile.ZipInfo]) -> None:
    if not infos:
        raise FormatError("ZIP_EMPTY", Text("the zip file holds no file", "压缩包中没有文件"))
    if len(infos) > MAX_MEMBERS:
        raise FormatError(
            "ZIP_MEMBERS",
            Text(
                f"the zip file has {len(infos)} members, {MAX_MEMBERS} are taken; split it",
                f"压缩包含 {len(infos)} 个文件,最多 {MAX_MEMBERS} 个;请拆分",
            ),
        )
    for info in infos:
        path = PurePosixPath(info.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in info.filename:
            raise _refused("ZIP_NAME", info, "leads out of the zip file", "指向压缩包之外")
        if info.flag_bits & 1:
            raise _refused(
                "ZIP_ENCRYPTED", info, "is encrypted; unpack it first", "已加密;请先解压"
            )


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo, left: int) -> bytes:
    parts: list[bytes] = []
    size, most = 0, max(_SMALL, info.compress_size * MAX_RATIO)
    with archive.open(info) as stream:
        while block := stream.read(_BLOCK):
            size += len(block)
            if size > min(most, left):
                raise _refused(
                    "ZIP_BOMB",
                    info,
                    f"unpacks to more than {min(most, left):,} bytes; treat it as an attack",
                    f"解压后超过 {min(most, left):,} 字节;请按攻击处理",
                )
            parts.append(block)
    found = b"".join(parts)
    if is_archive(found):
        raise _refused(
            "ZIP_NESTED", info, "is a zip file itself; unpack it first", "仍是压缩包;请先解压"
        )
    return found


def _refused(code: str, info: zipfile.ZipInfo, en: str, zh: str) -> FormatError:
    return FormatError(
        code, Text(f"member {info.filename!r} {en}", f"压缩包内文件 {info.filename!r} {zh}")
    )
