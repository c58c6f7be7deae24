// The buttons above a grid: rows, columns, and finding a row by a word.
import { count, el, t } from "./dom.js";

export class GridBar {
  constructor(grid) {
    this.grid = grid;
    const act = (word, sign, work, keys) => el("button", {
      type: "button", class: "plain small", title: keys ? `${t(word)} (${keys})` : t(word), "aria-label": t(word), "data-writes": true, onclick: work,
    }, sign);
    this.add = el("select", { "aria-label": t("wb.add_column"), "data-writes": true, onchange: () => this.#column() });
    this.offer();
    this.found = el("output", { class: "soft" });
    const search = el("input", { type: "search", size: 12, placeholder: t("wb.find_row"), "aria-label": t("wb.find_row") });
    search.addEventListener("input", () => this.#find(search.value, grid.active.row));
    search.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.#find(search.value, grid.active.row + 1);
    });
    this.node = el("div", { class: "g-bar", role: "group", "aria-label": t("wb.rows") },
      act("wb.insert", t("wb.insert_short"), () => grid.name === "examples" && !grid.table ? grid.queue.push({ edits: () => [{ do: "add_examples" }] }) : grid.edits.insert(), "Ctrl+Enter"),
      act("wb.duplicate", t("wb.duplicate_short"), () => grid.count && grid.edits.duplicate(), "Ctrl+D"),
      act("wb.up", "↑", () => grid.count && grid.edits.shift(-1), "Alt+↑"),
      act("wb.down", "↓", () => grid.count && grid.edits.shift(1), "Alt+↓"),
      act("wb.remove", t("wb.remove_short"), () => grid.count && grid.edits.remove(), "Ctrl+Delete"),
      this.add,
      act("wb.remove_column", t("wb.remove_column_short"), () => grid.columns.length && grid.edits.removeColumn()),
      search, this.found);
  }

  // The columns that the table has not yet; asked for again when the table or the words change.
  offer() {
    const there = new Set(this.grid.columns.map((one) => one.name));
    const derived = this.grid.knowledge().derived ?? [];
    const offered = [...this.grid.knowledge().columns.values(), ...derived].filter((one) => !there.has(one.name) && (one.name !== "branch" || this.grid.name === "examples"));
    const group = (side, label) => el("optgroup", { label }, ...offered.filter((one) => one.side === side).map((one) => el("option", { value: `${side} ${one.name}` }, `${one.label} (${one.name})`)));
    const shape = JSON.stringify(offered);
    if (shape === this.shape) return;
    this.shape = shape;
    this.add.replaceChildren(el("option", { value: "" }, t("wb.add_column")), group("input", t("wb.inputs")), group("output", t("wb.outputs")));
  }

  #column() {
    const [side, name] = this.add.value.split(" ");
    this.add.value = "";
    if (name) void this.grid.edits.addColumn(name, side);
  }

  #find(words, from) {
    const row = this.grid.find(words, from);
    this.found.textContent = words.trim() === "" ? "" : row < 0 ? t("wb.none_found") : t("wb.row_of", { row: row + 1, all: count(this.grid.count) });
    if (row >= 0) this.grid.go(row, this.grid.active.col, { focus: false });
  }
}
