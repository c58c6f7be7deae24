"""How the workbench feels: key presses in a large grid, and a cell edit until its effect stands.

    .venv/bin/python benchmarks/workbench.py

A running server with made-up history of 100,000 payments, and a real browser on the same machine.
A key press is timed by the browser's own event timing, from the key to the next picture; it counts
in steps of 8 ms and leaves out what took less than 16. An edit is timed from the Enter that ends it
to the new effect in the page: the exact edit of the text, the preview and the drawing.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from preview import PASSWORD, approval, served

from tests.browser_path import browser_path

EDITS = 20
KEYS = 60
TARGET_EDIT, TARGET_KEY = 300, 30

WATCH = """() => {
  globalThis.keys = [];
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (one.name === "keydown") keys.push(one.duration);
  }).observe({ type: "event", durationThreshold: 16, buffered: false });
  globalThis.edits = [];
  let begun = 0;
  const enter = (e) => { if (e.key === "Enter") begun = performance.now(); };
  document.addEventListener("keydown", enter, true);
  const place = document.querySelector("[data-part=effect]");
  new MutationObserver(() => {
    if (begun && place.getAttribute("aria-busy") === "false") {
      edits.push(performance.now() - begun);
      begun = 0;
    }
  }).observe(place, { attributes: true, attributeFilter: ["aria-busy"] });
}"""


def large(rows: int) -> str:
    """The shipped payment approval with its first band cut into `rows` equal ones."""
    head, _, table = approval().partition("rules: |\n")
    header, _first, *rest = table.splitlines()
    step = 5_000_000 // rows
    bands = [
        f"  B{n} | [{n * step / 100:.2f}..{(n + 1) * step / 100:.2f}) | claimant, beneficiary, "
        "policyholder, agent | false => reviewer | 4h | §3"
        for n in range(rows - 1)
    ]
    last = f"  B{rows} | [{(rows - 1) * step / 100:.2f}..$small) | claimant, beneficiary, "
    last += "policyholder, agent | false => reviewer | 4h | §3"
    return head + "rules: |\n" + "\n".join([header, *bands, last, *rest]) + "\n"


def measure(page: Page, url: str, rows: int) -> None:
    """Keys and edits in a draft of that many rows."""
    page.goto(f"{url}/rulesets")
    made = page.evaluate(
        """async ([text, csrf]) => (await (await fetch("/api/v1/drafts", {
          method: "POST", body: JSON.stringify({ text }),
          headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf },
        })).json()).id""",
        [large(rows), page.locator("[name=csrf]").first.input_value()],
    )
    page.goto(f"{url}/drafts/{made}")
    quiet = page.locator(".workbench[aria-busy=false]")
    quiet.wait_for(timeout=120_000)
    page.evaluate(WATCH)
    page.locator("[data-part=rules] .g-row[data-row='0'] [data-col='1']").click()
    for _ in range(KEYS // 2):
        page.keyboard.press("ArrowDown")
    for letter in "=1234567890" * 3:
        page.keyboard.press(letter)
    page.keyboard.press("Escape")
    keys = page.evaluate("keys")
    sla = page.evaluate("workbench.rules.columns.findIndex(o => o.name === 'sla')")
    for number in range(EDITS):
        page.evaluate(f"workbench.rules.go({number}, {sla})")
        page.keyboard.press("5")
        page.keyboard.press("h")
        page.keyboard.press("Enter")
        quiet.wait_for(timeout=60_000)
    edits = page.evaluate("edits")
    slow = f"{len(keys)} of {KEYS} keys took 16 ms or more, slowest {max(keys, default=0):.0f} ms"
    print(
        f"{rows:,} rows: {slow} (target {TARGET_KEY}); cell edit to effect on 100,000 documents: "
        f"median {statistics.median(edits):.0f} ms, slowest of {len(edits)} {max(edits):.0f} ms "
        f"(target {TARGET_EDIT} at 7 rows)"
    )


def main() -> None:
    """Print the figures."""
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder)) as running,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=browser_path(), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        page = browser.new_page(locale="en-GB", viewport={"width": 1440, "height": 900})
        page.goto(f"{running.url}/sign-in")
        page.fill("[name=user_id]", "analyst")
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.wait_for_url(f"{running.url}/")
        for rows in (1, 500, 4_990):
            measure(page, running.url, rows)
        browser.close()


if __name__ == "__main__":
    main()
