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
CONTRAST = "color-contrast"

LOOKS = """() => {
    const told = ["class", "style", "type", "role", "data-variant", "data-state", "data-shows",
        "aria-current", "aria-selected"];
    const looks = (one) => [one, ...one.querySelectorAll("*")].map((part) => [
        part.tagName, ...part.getAttributeNames().sort(),
        ...told.map((name) => part.getAttribute(name)), part.checked,
        [...part.childNodes].some((it) => it.nodeType === 3 && it.data.trim()),
    ].join("|")).join(" ");
    const mark = (parent) => {
        const seen = new Set();
        const children = [...parent.children];
        children.forEach((child, index) => {
            const edge = index === 0 || index === children.length - 1;
            const look = `${edge} ${index % 2} ${looks(child)}`;
            if (seen.has(look)) child.setAttribute("data-looks-known", "");
            else { seen.add(look); mark(child); }
        });
    };
    mark(document.body);
}"""
"""Marks what looks as a sibling before it: by all that style sheets ask for, by its place (even,
odd, edge) and by where there is text."""

ASKED = """async ({scope, options}) => {
    const told = await axe.run(scope, {resultTypes: ["violations"], ...options});
    return told.violations.map((one) => [one.impact, one.id, one.nodes[0].html]);
}"""


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
        differ between the themes, so the dark one is asked about contrast alone; and contrast, by
        far the slowest, is measured once among siblings that look the same.
        """
        self.page.evaluate(f"window.axe || (() => {{ {Axe().axe_script} }})()")
        self.page.evaluate(LOOKS)
        scope: dict[str, object] = {"exclude": [["[data-looks-known]"]]}
        return [
            *self._found("light", {}, {"rules": {CONTRAST: {"enabled": False}}}),
            *self._found("light", scope, {"runOnly": [CONTRAST]}),
            *self._found("dark", scope, {"runOnly": [CONTRAST]}),
        ]

    def _found(
        self, theme: Theme, scope: dict[str, object], options: dict[str, object]
    ) -> list[str]:
        self.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        asked = {"scope": scope or {"include": [["html"]]}, "options": options}
        return [
            f"{theme} {rule}: {html[:120]}"
            for impact, rule, html in self.page.evaluate(ASKED, asked)
            if impact in SERIOUS
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
