"""How the workbench feels: key presses in a large grid, and a cell edit until its effect stands.

    .venv/bin/python benchmarks/workbench.py

A running server with made-up history of 100,000 payments, and a real browser on the same machine.
A key press is timed by the browser's own event timing, from the key to the next picture; it counts
in steps of 8 ms and leaves out what took less than 16. An edit is timed from the Enter that ends it
to the new findings and the new effect in the page: the exact edit of the text, the check, the
preview and the drawing. A block is a task of the page of 50 ms or more.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from preview import PASSWORD, approval, served

from tests.browser_path import browser_path

EDITS = 20
KEYS = 60
TARGET_EDIT, TARGET_KEY = 300, 30

KEYDOWNS = """() => {
  globalThis.keys = [];
  globalThis.scripts = [];
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (one.name === "keydown") {
      keys.push(one.duration);
      scripts.push(one.processingEnd - one.processingStart);
    }
  }).observe({ type: "event", durationThreshold: 16, buffered: false });
}"""
WATCH = """() => {
  globalThis.blocks = [];
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) blocks.push(one.duration);
  }).observe({ type: "longtask" });
  const begun = {};
  document.addEventListener("keydown", (e) => {
    if (e.key === "Enter") begun.effects = begun.findings = performance.now();
  }, true);
  const told = (name, place, options, done) => {
    globalThis[name] = [];
    new MutationObserver(() => {
      if (!begun[name] || !done(place)) return;
      globalThis[name].push(performance.now() - begun[name]);
      begun[name] = 0;
    }).observe(place, options);
  };
  const quiet = (place) => place.getAttribute("aria-busy") === "false";
  const busy = { attributes: true, attributeFilter: ["aria-busy"] };
  told("effects", document.querySelector("[data-part=effect]"), busy, quiet);
  const found = document.querySelector("[data-part=found]");
  told("findings", found, { childList: true }, () => true);
}"""
SCROLL = """async () => {
  const { view } = workbench.rules;
  const frames = [];
  let last = await new Promise(requestAnimationFrame);
  for (let step = 0; step < 60; step += 1) {
    view.scrollTop += 400;
    const now = await new Promise(requestAnimationFrame);
    frames.push(now - last);
    last = now;
  }
  return frames;
}"""


def large(rows: int) -> str:
    """The shipped payment approval with its first band cut into `rows` equal ones."""
    head, _, table = approval().partition("rules: |\n")
    header, _first, *rest = table.splitlines()
    step = 5_000_000 // rows
    cuts = [f"{n * step / 100:.2f}" for n in range(1, rows)]
    first, *others = pairwise(["", *cuts, "$small"])
    amounts = [f"< {first[1]}", *(f"[{low}..{high})" for low, high in others)]
    payees = "claimant, beneficiary, policyholder, agent"
    bands = [
        f"  B{n} | {amount} | {payees} | false => reviewer | 4h | §3"
        for n, amount in enumerate(amounts, 1)
    ]
    return head + "rules: |\n" + "\n".join([header, *bands, *rest]) + "\n"


def measure(page: Page, url: str, rows: int) -> None:
    """Opening, keys, scrolling and edits in a draft of that many rows."""
    page.goto(f"{url}/rulesets")
    made = page.evaluate(
        """async ([text, csrf]) => (await (await fetch("/api/v1/drafts", {
          method: "POST", body: JSON.stringify({ text }),
          headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf },
        })).json()).id""",
        [large(rows), page.locator("[name=csrf]").first.input_value()],
    )
    begun = time.perf_counter()
    page.goto(f"{url}/drafts/{made}")
    page.locator("[data-part=rules] .g-row").first.wait_for()
    shown = time.perf_counter() - begun
    quiet = page.locator(".workbench[aria-busy=false]")
    quiet.wait_for(timeout=120_000)
    opened = time.perf_counter() - begun
    page.evaluate(KEYDOWNS)
    page.evaluate(WATCH)
    page.locator("[data-part=rules] .g-row[data-row='0'] [data-col='1']").click()
    for _ in range(KEYS // 2):
        page.keyboard.press("ArrowDown")
    for letter in "=1234567890" * 3:
        page.keyboard.press(letter)
    page.keyboard.press("Escape")
    keys = page.evaluate("keys")
    slowest_script = max(page.evaluate("scripts"), default=0)
    frames = page.evaluate(SCROLL)
    sla = page.evaluate("workbench.rules.columns.findIndex(o => o.name === 'sla')")
    page.evaluate("keys.length = blocks.length = 0")
    for number in range(EDITS):
        page.evaluate(f"workbench.rules.go({number % rows}, {sla})")
        for key in (*f"{number + 5}h", "Enter"):
            page.keyboard.press(key)
        quiet.wait_for(timeout=120_000)
    figure = page.locator("#effect-figure").inner_text()
    assert "100,000" in figure, figure
    print(
        f"{rows:,} rows: grid shown {shown:.1f} s, all shown {opened:.1f} s after the address; "
        f"{len(keys)} of {KEYS} keys took 16 ms or more, median {_median(keys)}, slowest "
        f"{max(keys, default=0):.0f} ms to the picture (target {TARGET_KEY}), our script at most "
        f"{slowest_script:.0f} ms of it; scrolling, slowest frame "
        f"{max(frames):.0f} ms\n    cell edit to findings {_told(page, 'findings')}, to effect on "
        f"100,000 documents {_told(page, 'effects')} (target {TARGET_EDIT} at 7 rows); keys of the "
        f"edits, slowest {max(page.evaluate('keys'), default=0):.0f} ms; longest block "
        f"{max(page.evaluate('blocks'), default=0):.0f} ms",
        flush=True,
    )


def bare(page: Page) -> None:
    """The same keys in an input of an empty page: what the browser itself takes here."""
    page.goto("about:blank")
    page.set_content("<input>")
    page.evaluate(KEYDOWNS)
    page.locator("input").click()
    for letter in "=1234567890" * 6:
        page.keyboard.press(letter)
    page.wait_for_timeout(200)
    keys = page.evaluate("keys")
    print(
        f"an empty page with one input: {len(keys)} of 66 keys took 16 ms or more, median "
        f"{_median(keys)}, slowest {max(keys, default=0):.0f} ms to the picture",
        flush=True,
    )


def _median(times: list[float]) -> str:
    return f"{statistics.median(times or [0]):.0f} ms"


def _told(page: Page, name: str) -> str:
    times = page.evaluate(name)
    return f"median {_median(times)}, slowest of {len(times)} {max(times):.0f} ms"


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
        bare(page)
        browser.close()


if __name__ == "__main__":
    main()
