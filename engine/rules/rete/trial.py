"""Run as a program, by `probe`: builds definitions in durable-rules and matches messages.

Reads one JSON line from stdin, [[definition, [message, …]], …]; writes `ok` when nothing broke.
Imports nothing of ours, so that it starts quickly and tries the engine alone.
"""

import json
import sys

import durable_rules_engine as engine  # type: ignore[import-not-found,unused-ignore]


def main() -> None:
    """Build every lane, match every message, free everything."""
    for definition, messages in json.loads(sys.stdin.readline()):
        handle = engine.create_ruleset("lane", definition)
        for message in messages:
            code, state = engine.assert_fact(handle, message)
            if code:
                raise SystemExit(f"a message was not taken, code {code}")
            if engine.start_action_for_state(handle, state) is not None:
                while engine.complete_and_start_action(handle, state):
                    pass
            engine.retract_fact(handle, message)
        engine.delete_state(handle, None)
        engine.delete_ruleset(handle)
    sys.stdout.write("ok")


main()
