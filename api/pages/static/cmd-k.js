// Find anything: ⌘K on a Mac, Ctrl+K elsewhere. A native dialog with a list that the arrow keys
// walk through; the server is asked as one types, and only its last answer counts.
const MAC = /Mac|iPhone|iPad/.test(navigator.platform);
const PAUSE = 120;

class CmdK extends HTMLElement {
  connectedCallback() {
    this.dialog = this.querySelector("dialog");
    this.input = this.querySelector("input");
    this.list = this.querySelector("[role=listbox]");
    this.told = this.querySelector("[role=status]");
    this.querySelector("kbd").textContent = MAC ? "⌘K" : "Ctrl K";
    this.querySelector("button").addEventListener("click", () => this.open());
    this.input.addEventListener("input", (event) => {
      this.wanted = false;
      if (!event.isComposing) this.ask(PAUSE);
    });
    this.input.addEventListener("compositionend", () => this.ask(PAUSE));
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.list.addEventListener("click", (event) => {
      if (event.target.closest("a") && !event.ctrlKey && !event.metaKey) this.dialog.close();
    });
    this.dialog.addEventListener("close", () => {
      clearTimeout(this.timer);
      this.asking?.abort();
    });
    this.shortcut = (event) => {
      const mine = MAC ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey;
      if (!mine || event.altKey || event.shiftKey || event.key.toLowerCase() !== "k") return;
      event.preventDefault();
      this.open();
    };
    document.addEventListener("keydown", this.shortcut);
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this.shortcut);
  }

  open() {
    if (!this.dialog.open) this.dialog.showModal();
    this.input.select();
    this.ask(0);
  }

  key(event) {
    // While an input method composes, its keys are its own.
    if (event.isComposing || event.keyCode === 229) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      this.choose(this.at + step);
    } else if (event.key === "Enter") {
      event.preventDefault();
      // What is shown may still be the answer to less than was typed: then Enter waits for it.
      if (this.shown === this.input.value) this.go();
      else {
        this.wanted = true;
        this.ask(0);
      }
    }
  }

  go() {
    this.options[this.at]?.click();
  }

  ask(pause) {
    clearTimeout(this.timer);
    this.asking?.abort();
    this.timer = setTimeout(() => this.fetch(this.input.value), pause);
  }

  async fetch(text) {
    const asking = (this.asking = new AbortController());
    try {
      const answer = await fetch(`/api/v1/find?q=${encodeURIComponent(text)}`, {
        signal: asking.signal,
      });
      if (!answer.ok) throw new Error(String(answer.status));
      const found = await answer.json();
      if (asking.signal.aborted) return;
      this.show(text, found.groups);
    } catch (error) {
      if (error.name === "AbortError") return;
      this.show(null, []);
      this.told.textContent = this.dataset.failed;
    }
  }

  show(text, groups) {
    this.shown = text;
    this.list.replaceChildren(...groups.map((group, place) => this.group(group, place)));
    this.options = [...this.list.querySelectorAll("[role=option]")];
    this.list.hidden = !this.options.length;
    this.input.setAttribute("aria-expanded", String(!this.list.hidden));
    this.told.textContent = this.options.length ? this.dataset.keys : this.dataset.nothing;
    this.choose(0);
    if (this.wanted) this.go();
    this.wanted = false;
  }

  group(group, place) {
    const made = element("div", { role: "group", "aria-labelledby": `found-${place}` });
    made.append(element("p", { id: `found-${place}`, class: "sort" }, group.title));
    group.results.forEach((result, number) => {
      const option = element("a", {
        role: "option",
        id: `found-${place}-${number}`,
        href: result.href,
        tabindex: "-1",
        "aria-selected": "false",
      });
      option.append(element("span", {}, result.title), element("small", {}, result.detail));
      made.append(option);
    });
    if (group.hidden) {
      const more = this.dataset.more.replace("{count}", group.hidden);
      made.append(element("p", { class: "more" }, more));
    }
    return made;
  }

  choose(place) {
    const count = this.options.length;
    this.at = count ? (place + count) % count : 0;
    this.options.forEach((option, at) => {
      option.setAttribute("aria-selected", String(at === this.at));
    });
    const chosen = this.options[this.at];
    if (chosen) this.input.setAttribute("aria-activedescendant", chosen.id);
    else this.input.removeAttribute("aria-activedescendant");
    chosen?.scrollIntoView({ block: "nearest" });
  }
}

function element(name, attributes, text) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

CmdK.prototype.options = [];
CmdK.prototype.at = 0;
customElements.define("cmd-k", CmdK);
