"""What one branch has otherwise: settings of the file and of fields, by their names."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from engine.base.collector import Collector
from engine.base.text import Text
from engine.base.yaml_marks import Mapping as YamlMapping
from engine.formats.layouts.keys import Keys
from engine.formats.layouts.model import Layout, RecordDef


def overridden(layout: Layout, overrides: Keys, out: Collector) -> Mapping[str, Layout]:
    """The layout of every branch in `overrides`; B025 for what cannot be changed by a branch.

    `BJ: {file: {name: …, max_rows: …}, fields: {tag: "X", remittance: {width: 40}}}`: a text sets
    a constant, a mapping its width.
    """
    made: dict[str, Layout] = {}
    for org, node in overrides.entries():
        if not isinstance(node, YamlMapping):
            overrides.wrong(org.span, f"overrides.{org.value}", "a mapping", "键值映射")
            continue
        made[org.value] = _branch(layout, Keys(node, f"overrides.{org.value}.", out), out)
    return made


def _branch(layout: Layout, keys: Keys, out: Collector) -> Layout:
    file = keys.mapping("file")
    settings = layout.file
    if file is not None:
        if name := file.text("name"):
            settings = dataclasses.replace(settings, name=name)
        most = file.typed("max_rows", int, "a whole number", "整数")
        if most is not None:
            settings = dataclasses.replace(settings, max_rows=most)
        file.done()
    changes: dict[str, dict[str, str | int]] = {}
    fields = keys.mapping("fields")
    if fields is not None:
        for key, node in fields.entries():
            if not any(record.field(key.value) for record in layout.records):
                out.add(
                    "B025",
                    key.span,
                    Text(
                        f"no record has a field {key.value}; name one that is there",
                        f"没有字段 {key.value}；请写已有的字段",
                    ),
                )
            elif isinstance(node, YamlMapping):
                one = Keys(node, f"fields.{key.value}.", out)
                width = one.typed("width", int, "a number of bytes", "字节数")
                if width is not None:
                    changes[key.value] = {"width": width}
                one.done()
            else:
                changes[key.value] = {"constant": fields.text(key.value)}
    keys.done()
    return dataclasses.replace(
        layout,
        file=settings,
        header=_changed(layout.header, changes) if layout.header else None,
        detail=_changed(layout.detail, changes),
        trailer=_changed(layout.trailer, changes) if layout.trailer else None,
    )


def _changed(record: RecordDef, changes: Mapping[str, Mapping[str, str | int]]) -> RecordDef:
    return dataclasses.replace(
        record,
        fields=tuple(
            dataclasses.replace(one, **changes[one.name])  # type: ignore[arg-type]
            if one.name in changes
            else one
            for one in record.fields
        ),
    )
