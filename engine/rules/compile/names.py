"""Objects under names, and the one place where a syntax tree becomes code."""

from __future__ import annotations

import ast

from engine.rules.compile import tree


class Names:
    """Objects the generated code may name; there are no builtins."""

    def __init__(self) -> None:
        self.space: dict[str, object] = {"__builtins__": {}}
        self._known: dict[int, str] = {}

    def bind(self, value: object) -> ast.expr:
        """Return the name under which generated code sees `value`."""
        known = self._known.get(id(value))
        if known is None:
            known = f"k{len(self.space)}"
            # The object stays in `space`, so its id stays its own.
            self.space[known] = value
            self._known[id(value)] = known
        return tree.name(known)

    def run(self, statements: list[ast.stmt], title: str) -> None:
        """Compile the statements; their functions land in `space`."""
        module = ast.Module(statements, [])
        code = compile(ast.fix_missing_locations(module), title, "exec")
        exec(code, self.space)  # noqa: S102 - built above from a syntax tree, not from text
