"""Statement files: entries a second and memory of the stream, per core.

Run by `make bench`. A camt.053 of 100 MB is written to a file and read as a stream in a process of
its own, whose memory is measured; MT940 is read at once, for comparison. Targets: camt 30,000
entries/s, 64 MB.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path

from engine.formats.iso20022.camt import iter_camt
from engine.formats.readers import read_file
from engine.formats.statement import StatementLine

SIZE = 100_000_000
LEAST_ENTRIES = 30_000
MOST_MEMORY = 64 * 1024
"""Kilobytes of the process that reads the camt file."""
MT_ENTRIES = 50_000

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt><GrpHdr>'
    "<MsgId>M</MsgId></GrpHdr><Stmt><Id>S1</Id><CreDtTm>2026-11-23T18:00:00+08:00</CreDtTm>"
    "<Acct><Id><Othr><Id>6100000001</Id></Othr></Id><Ccy>CNY</Ccy></Acct>"
)
_TAIL = "</Stmt></BkToCstmrStmt></Document>"


def entry(number: int) -> str:
    """An entry as banks write it: references, counterparty, text."""
    return (
        f'<Ntry><Amt Ccy="CNY">{number % 90_000}.{number % 100:02d}</Amt><CdtDbtInd>DBIT'
        "</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-11-23</Dt></BookgDt><ValDt><Dt>2026-11-23"
        f"</Dt></ValDt><AcctSvcrRef>B{number:012d}</AcctSvcrRef><BkTxCd><Domn><Cd>PMNT</Cd><Fmly>"
        "<Cd>ICDT</Cd><SubFmlyCd>DMCT</SubFmlyCd></Fmly></Domn></BkTxCd><NtryDtls><TxDtls><Refs>"
        f"<MsgId>PB20261123-000001</MsgId><EndToEndId>D20261123-{number:07d}</EndToEndId></Refs>"
        "<RltdPties><Cdtr><Nm>王伟</Nm></Cdtr><CdtrAcct><Id><Othr><Id>6222020200012345678</Id>"
        "</Othr></Id></CdtrAcct></RltdPties><RmtInf><Ustrd>理赔款</Ustrd></RmtInf></TxDtls>"
        "</NtryDtls></Ntry>\n"
    )


def write_camt(path: Path) -> int:
    """A camt.053 of SIZE bytes; how many entries it has."""
    count = written = 0
    with path.open("w", encoding="utf-8") as out:
        out.write(_HEAD)
        while written < SIZE:
            written += len(entry(count).encode())
            out.write(entry(count))
            count += 1
        out.write(_TAIL)
    return count


def read_camt_stream(path: Path) -> tuple[int, float, int]:
    """Lines, CPU seconds and peak kilobytes of reading the file as a stream."""
    begun = time.process_time()
    with path.open("rb") as stream:
        count = sum(isinstance(part, StatementLine) for part in iter_camt(stream))
    return count, time.process_time() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def mt940() -> bytes:
    """A statement of MT_ENTRIES entries."""
    parts = [":20:S", ":25:6100000001", ":28C:1/1", ":60F:C261122CNY0,"]
    for number in range(MT_ENTRIES):
        parts.append(f":61:2611231123C1,{number % 100:02d}NTRFD{number:07d}//B{number:09d}")
        parts.append(":86:166?00GUTSCHRIFT?20EREF+D1?21SVWZ+text?30BANK?31DE0212?32Wang Wei")
    parts.append(":62F:C261123CNY0,\n-")
    return "\r\n".join(parts).encode()


def main() -> int:
    """Print a line for each format; 1 when a figure is over its limit."""
    with (
        tempfile.TemporaryDirectory() as folder,
        multiprocessing.get_context("spawn").Pool(1) as pool,
    ):
        path = Path(folder) / "camt.xml"
        expected = write_camt(path)
        count, seconds, most = pool.apply(read_camt_stream, (path,))
        size = path.stat().st_size
    assert count == expected, (count, expected)
    speed = count / seconds
    good = speed >= LEAST_ENTRIES and most <= MOST_MEMORY
    print(f"{'format':8}{'entries':>10}{'file':>10}{'entries/s':>12}{'memory':>10}")
    print(
        f"{'camt':8}{count:>10,}{size / 1e6:>7.0f} MB{speed:>12,.0f}{most / 1024:>7.0f} MB"
        f"{'' if good else '  MISSED'}"
    )
    content = mt940()
    begun = time.process_time()
    (statement,) = read_file(content).statements
    seconds = time.process_time() - begun
    count = len(statement.lines)
    print(f"{'mt940':8}{count:>10,}{len(content) / 1e6:>7.0f} MB{count / seconds:>12,.0f}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
