"""People at the workbench: they open drafts, write in cells, paste, and read what they see."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from playwright.sync_api import Browser, Locator, Page, expect

from api.identity import COOKIE
from tests.pages.browser import Visit, opened
from tests.pages.world import World


@dataclass
class Desk:
    """A served day and the windows that were opened on it."""

    world: World
    chromium: Browser
    address: str
    visits: list[Visit] = field(default_factory=list)

    def visit(self, user: str, lang: str = "en") -> Visit:
        """A window in which `user` is signed in."""
        self.world.client(user)
        visit = opened(self.chromium, self.address, lang)
        visit.page.context.add_cookies(
            [{"name": COOKIE, "value": self.world.sessions[user][0], "url": self.address}]
        )
        self.visits.append(visit)
        return visit

    def draft(self, user: str = "analyst", name: str = "payment-approval") -> int:
        """A draft that `user` begins from the live version."""
        browser = self.world.client(user)
        version = browser.http.get(f"/rulesets/by-name/{name}").headers["location"]
        made = browser.http.post(f"{version}/draft", data={"csrf": browser.csrf})
        return int(made.headers["location"].rsplit("/", 1)[1])

    def at(self, draft: int, user: str = "analyst", lang: str = "en") -> Bench:
        """`user` at the workbench with this draft."""
        visit = self.visit(user, lang)
        visit.go(f"/drafts/{draft}")
        bench = Bench(visit)
        bench.settled()
        return bench

    def text(self, draft: int) -> str:
        """The stored text."""
        return self.world.one("SELECT text FROM ruleset_draft WHERE id = :id", id=draft)

    def close(self) -> None:
        """Close every window."""
        for one in self.visits:
            one.page.context.close()
        self.visits.clear()


@dataclass
class Bench:
    """One person at one draft."""

    visit: Visit

    @property
    def page(self) -> Page:
        """The window."""
        return self.visit.page

    def settled(self) -> None:
        """Wait until what is shown is of the text that stands there."""
        self.page.locator(".workbench[aria-busy=false]").wait_for()

    def text(self) -> str:
        """The text in the editor."""
        return str(self.page.evaluate("workbench.editor.doc.toString()"))

    def grid(self, name: str = "rules") -> Locator:
        """One of the two tables."""
        return self.page.locator(f"[data-part={name}] [role=grid]")

    def cell(self, row: int, column: str, name: str = "rules") -> Locator:
        """A cell by the row's place from 1 and the column's name."""
        at = self.page.evaluate(
            "([name, column]) => workbench[name].columns.findIndex(o => o.name === column)",
            [name, column],
        )
        return self.grid(name).locator(f".g-row[data-row='{row - 1}'] [data-col='{at}']")

    def write(self, row: int, column: str, text: str, name: str = "rules") -> None:
        """Choose a cell and type over it."""
        self.cell(row, column, name).click()
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")

    def paste(self, text: str) -> None:
        """Paste as from a spreadsheet, into the chosen cell."""
        self.page.evaluate(
            """(text) => {
              const data = new DataTransfer();
              data.setData("text/plain", text);
              const given = { clipboardData: data, bubbles: true, cancelable: true };
              document.activeElement.dispatchEvent(new ClipboardEvent("paste", given));
            }""",
            text,
        )

    def figure(self) -> str:
        """The headline of the effect."""
        return self.page.locator("#effect-figure").inner_text()

    def state(self) -> str:
        """What is said of saving."""
        return self.page.locator("[data-part=state]").inner_text()

    def saved(self) -> None:
        """Wait until the text is stored."""
        self.page.keyboard.press("Control+s")
        expect(self.page.locator("[data-part=state]")).to_have_text(re.compile("Saved|已保存"))

    def complained(self) -> list[str]:
        """What the console said."""
        return self.visit.said
