"""A real browser on the product: what it says on its console, what axe finds serious.

Without a browser these tests fail; they are never skipped. A folder whose conftest imports the
fixtures from tests.pages.fixtures can use `chromium`, `served` and `changed`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, sync_playwright

from api.app import create_app
from api.server import WebServer
from tests.browser_path import browser_path
from tests.pages.world import World

Theme = Literal["light", "dark"]
SERIOUS = ("serious", "critical")
EVERY_RULE = {"resultTypes": ["violations"]}
CONTRAST = {"resultTypes": ["violations"], "runOnly": ["color-contrast"]}


@dataclass
class Visit:
    """A page and what its console said."""

    page: Page
    base: str
    said: list[str] = field(default_factory=list)

    def go(self, address: str) -> None:
        """Open an address of the product."""
        self.page.goto(self.base + address)

    def sign_in(self, user: str, password: str) -> None:
        """Through the form, as people do."""
        self.go("/sign-in")
        self.page.fill("[name=user_id]", user)
        self.page.fill("[name=password]", password)
        self.page.press("[name=password]", "Enter")
        self.page.wait_for_url(self.base + "/")

    def serious(self) -> list[str]:
        """What axe finds serious or critical in the light theme and in the dark one.

        Each finding is theme, rule and first place. The page looks dark afterwards. Only colours
        differ between the themes, so the dark one is asked about contrast alone.
        """
        return self._found("light", EVERY_RULE) + self._found("dark", CONTRAST)

    def _found(self, theme: Theme, options: dict[str, list[str]]) -> list[str]:
        self.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        found = Axe().run(self.page, options=options).response["violations"]
        return [
            f"{theme} {one['id']}: {one['nodes'][0]['html'][:120]}"
            for one in found
            if one["impact"] in SERIOUS
        ]


@contextmanager
def launched() -> Iterator[Browser]:
    """The system's browser."""
    path = browser_path()
    assert path is not None, "no Chromium: apt-get install chromium, or set CHROMIUM"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@contextmanager
def serving(world: World) -> Iterator[str]:
    """The product over a played day; its address."""
    server = WebServer(create_app(world.services), "127.0.0.1", 0)
    server.start()
    yield server.url
    server.stop()


def opened(chromium: Browser, base: str, lang: str = "en") -> Visit:
    """A window of its own: no cookies of others, nothing said yet."""
    context = chromium.new_context(
        viewport={"width": 1440, "height": 900},
        locale="zh-CN" if lang == "zh" else "en-GB",
    )
    page = context.new_page()
    visit = Visit(page, base)
    page.on(
        "console",
        lambda message: (
            visit.said.append(message.text) if message.type in ("error", "warning") else None
        ),
    )
    page.on("pageerror", lambda error: visit.said.append(str(error)))
    return visit
