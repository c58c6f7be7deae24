// The rows of a grid that are in sight, as elements of the page. A key press touches only the rows
// it changes: rows that stay are changed in their place, so that an input that is composing is
// never touched either.
import { el } from "./dom.js";

export const ROW = 29;
// Cells before those of the table: the row's number, and what is said of the row.
export const BEFORE = 2;
const SPARE = 6;
const UNKNOWN_HEIGHT = 600;

export class GridRows {
  #made = new Map();
  #top = 0;
  #height = UNKNOWN_HEIGHT;

  constructor(grid) {
    this.grid = grid;
    this.body = el("div", { class: "g-body", role: "rowgroup" });
  }

  get(row) {
    return this.#made.get(row);
  }

  cell(row, col) {
    return this.#made.get(row)?.children[col + BEFORE] ?? null;
  }

  // The columns have changed: every row is made anew.
  clear() {
    for (const made of this.#made.values()) made.remove();
    this.#made.clear();
  }

  // Which part of the table is in sight. It is told and kept, because to ask the page while rows
  // are being changed would have it laid out in between.
  sight({ scrollTop, clientHeight }) {
    this.#top = scrollTop;
    this.#height = clientHeight || UNKNOWN_HEIGHT;
  }

  // As high as all rows, of which most are not in the page.
  stretch() {
    this.body.style.blockSize = `${this.grid.count * ROW}px`;
  }

  // Put every row in sight into the page as it now reads.
  all() {
    for (const row of this.#wanted()) this.#fill(row);
  }

  // The rows that came into sight, and those of `changed` that are in sight.
  some(changed = []) {
    const fresh = [...this.#wanted()].filter((row) => !this.#made.has(row));
    for (const row of new Set([...fresh, ...changed.filter((one) => this.#made.has(one))])) this.#fill(row);
  }

  // Rows whose number lies between two.
  between(top, bottom) {
    return [...this.#made.keys()].filter((row) => row >= top && row <= bottom);
  }

  // The row with the input, which somebody writes in, stays the element it is.
  carry(from, to) {
    const made = this.#made.get(from);
    if (!made) return;
    this.#made.delete(from);
    this.#made.get(to)?.remove();
    this.#made.set(to, made);
    this.#stand(made, to);
  }

  #wanted() {
    const { count, active } = this.grid;
    const first = Math.max(0, Math.floor(this.#top / ROW) - SPARE);
    const last = Math.min(count, first + Math.ceil(this.#height / ROW) + 2 * SPARE);
    const wanted = new Set();
    for (let row = first; row < last; row += 1) wanted.add(row);
    if (count) wanted.add(active.row);
    for (const [row, made] of this.#made) {
      if (wanted.has(row)) continue;
      made.remove();
      this.#made.delete(row);
    }
    return wanted;
  }

  #stand(made, row) {
    made.dataset.row = row;
    made.setAttribute("aria-rowindex", row + 2);
    made.style.insetBlockStart = `${row * ROW}px`;
  }

  #make(row) {
    const { columns, name } = this.grid;
    const made = el("div", { class: "g-row", role: "row" }, el("div", { class: "g-no", role: "gridcell" }), el("div", { class: "g-extra", role: "gridcell" }));
    columns.forEach((one, col) => {
      const role = one.name === "id" && name === "rules" ? "rowheader" : "gridcell";
      made.append(el("div", { role, "aria-colindex": col + 1 + BEFORE, "data-col": col }, el("span")));
    });
    this.#stand(made, row);
    this.#made.set(row, made);
    this.body.append(made);
    return made;
  }

  #fill(row) {
    const { grid } = this;
    const made = this.#made.get(row) ?? this.#make(row);
    const line = grid.line(row);
    const wrong = grid.findings.filter((one) => one.begin <= line.to && Math.max(one.end, one.begin + 1) > line.from);
    const [gutter, told, ...cells] = made.children;
    const worst = wrong.find((one) => one.severity === "error") ?? wrong[0];
    put(gutter, worst ? `${row + 1} ${worst.severity === "error" ? "✗" : "!"}` : String(row + 1));
    gutter.className = `g-no ${worst?.severity ?? ""}`;
    gutter.title = wrong.map((one) => `${one.message} [${one.code}]`).join("\n");
    grid.columns.forEach((one, col) => this.#write(cells[col], one, row, col, line, wrong));
    const said = grid.extra(row, grid.id(row), line.number);
    put(told, said?.text ?? "");
    told.title = said?.title || (said?.text ?? "");
    told.className = `g-extra ${said?.tone ?? ""}`;
  }

  #write(shown, one, row, col, line, wrong) {
    const { grid } = this;
    const text = grid.textAt(line.from, row, col);
    const cell = grid.cell(row, col);
    const bad = cell && wrong.find((found) => found.begin < line.from + cell.to + 1 && Math.max(found.end, found.begin + 1) > line.from + cell.from && found.end - found.begin < line.length - 2);
    const chosen = grid.chosen(row, col);
    put(shown.firstElementChild, text ?? "?");
    shown.title = bad ? `${bad.message} [${bad.code}]` : (text ?? "");
    const states = [
      bad && bad.severity, cell && text !== cell.text && "pending", text === null && "broken", chosen && "chosen",
      ...(grid.input.node.parentElement === shown ? ["here", grid.input.editing && "editing"] : []),
    ];
    shown.className = ["g-cell", one.side, ...states].filter(Boolean).join(" ");
    shown.setAttribute("aria-selected", String(chosen));
    if (bad) shown.setAttribute("aria-invalid", "true");
    else shown.removeAttribute("aria-invalid");
  }
}

function put(place, text) {
  if (place.textContent !== text) place.textContent = text;
}
