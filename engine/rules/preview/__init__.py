"""Preview: what a draft would have decided otherwise, over documents that were decided before.

documents = Documents(table, paths_in(tree))
found = compare(draft, live, live.with_draft(draft), documents)
"""

from engine.rules.preview.comparing import LARGEST, compare
from engine.rules.preview.documents import Documents, paths_in
from engine.rules.preview.result import Preview
from engine.rules.preview.worlds import OrgPath, PreviewRefused, World

__all__ = [
    "LARGEST",
    "Documents",
    "OrgPath",
    "Preview",
    "PreviewRefused",
    "World",
    "compare",
    "paths_in",
]
