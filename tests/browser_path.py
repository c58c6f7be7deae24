"""Where the browser for the page tests is: $CHROMIUM, or a Chromium or Chrome on PATH."""

from __future__ import annotations

import os
import shutil
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def browser_path() -> str | None:
    """Path of the browser, or None when there is none."""
    named = os.environ.get("CHROMIUM")
    if named:
        return shutil.which(named)
    return next((path for name in NAMES if (path := shutil.which(name))), None)


if __name__ == "__main__":
    found = browser_path()
    print(found or "no Chromium found")
    sys.exit(0 if found else 1)
