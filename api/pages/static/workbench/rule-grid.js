// One table of the ruleset as a grid: a view of the text, never a second copy of it.
//
// Only the rows in sight are in the page. The focus is always in one real input that lies over the
// active cell: so an input method can begin to compose there, and a screen reader hears the cell.
import { MapMode } from "./codemirror.min.js";
import { el, t } from "./dom.js";
import { CellInput } from "./cell-input.js";
import { fromClipboard, toClipboard } from "./clipboard.js";
import { GridEdits } from "./grid-edits.js";
import { BEFORE, GridRows, ROW } from "./grid-rows.js";
import { cellUnder, columnsOf, cut, tables } from "./table-text.js";

const SAMPLED = 300;
const ZONE = { row: 0, col: 0 };
const GUTTER = 44;
const EXTRA = 112;

export class RuleGrid {
  #lines = new Map();
  #shape = "";
  #widths = "";
  #due = false;
  #drag = false;
  #anchor = null;
  // How often a person has gone to a cell: who acts later does not take him away from there.
  visits = 0;

  // `extra` gives what the column before the cells says of a row; `selected` is told the active row.
  constructor({ name, label, editor, queue, knowledge, extra, extraLabel, selected }) {
    Object.assign(this, { name, editor, queue, knowledge, extra, extraLabel, selected });
    this.active = { ...ZONE };
    this.corner = { ...ZONE };
    this.findings = [];
    editor.onTransaction((changes) => {
      if (this.#anchor !== null) this.#anchor = changes.mapPos(this.#anchor, 1, MapMode.TrackAfter);
    });
    this.edits = new GridEdits(this);
    this.input = new CellInput(this);
    this.head = el("div", { class: "g-head", role: "row", "aria-rowindex": "1" });
    this.rows = new GridRows(this);
    const { body } = this.rows;
    const headed = el("div", { role: "rowgroup", class: "g-top" }, this.head);
    this.grid = el("div", { class: "g-table", role: "grid", "aria-label": label, "aria-multiselectable": "true" }, headed, body);
    this.view = el("div", { class: "g-view" }, this.grid);
    this.view.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    new ResizeObserver(() => this.#scrolled()).observe(this.view);
    body.addEventListener("mousedown", (event) => this.#press(event));
    body.addEventListener("mousemove", (event) => this.#drag && this.#reach(event));
    document.addEventListener("mouseup", () => (this.#drag = false));
    body.addEventListener("dblclick", () => this.input.edit());
    this.refresh();
  }

  // --- what there is

  get count() {
    return this.table?.rows.length ?? 0;
  }

  get locked() {
    return this.editor.locked;
  }

  line(row) {
    return this.editor.doc.line(this.table.rows[row]);
  }

  shape(row) {
    const line = this.line(row);
    const kept = this.#lines.get(line.text);
    if (kept) return kept;
    const made = cut(line.text);
    made.widths = made.cells.map((one) => wide(one.text));
    if (this.#lines.size > 20_000) this.#lines.clear();
    this.#lines.set(line.text, made);
    return made;
  }

  cell(row, col) {
    return cellUnder(this.shape(row), this.columns, this.columns[col]);
  }

  // What a cell says: what is still on its way to the server counts as written.
  text(row, col) {
    return this.textAt(this.line(row).from, row, col);
  }

  textAt(lineFrom, row, col) {
    const pending = this.queue.shownAt(lineFrom, `${this.name}.${this.columns[col].name}`);
    return pending ?? this.cell(row, col)?.text ?? null;
  }

  id(row) {
    return this.name === "rules" ? (this.shape(row).cells[0]?.text ?? "") : String(row + 1);
  }

  rowOf(id) {
    for (let row = 0; row < this.count; row += 1) if (this.id(row) === id) return row;
    return -1;
  }

  columnLabel(col) {
    const { name } = this.columns[col];
    return this.knowledge().columns.get(name)?.label ?? name;
  }

  // --- drawing

  // Read the text anew: rows may have come, gone or changed.
  refresh() {
    this.table = tables(this.editor.doc)[this.name] ?? null;
    this.columns = this.table ? columnsOf(this.editor.doc, this.table) : [];
    this.#follow();
    this.#clamp(this.active);
    this.#clamp(this.corner);
    this.rows.stretch();
    if (!this.input.editing) this.#layout();
    this.paint();
    this.#hold();
    this.#tell();
  }

  // Rows and columns may have come or gone before the active cell: it is still the same cell.
  #follow() {
    const row = this.#anchor === null ? -1 : (this.table?.rows.indexOf(this.editor.doc.lineAt(this.#anchor).number) ?? -1);
    if (row < 0) return;
    const by = row - this.active.row;
    if (by && this.input.editing) this.rows.carry(this.active.row, row);
    this.active.row = row;
    this.corner.row += by;
    if (!this.input.editing) return;
    const { col } = this.input.written;
    if (col >= 0) this.active.col = col;
  }

  #hold() {
    this.#anchor = this.count ? this.line(this.active.row).from : null;
  }

  #clamp(place) {
    place.row = Math.max(0, Math.min(place.row, this.count - 1));
    place.col = Math.max(0, Math.min(place.col, this.columns.length - 1));
  }

  #layout() {
    const widths = [GUTTER, EXTRA, ...this.columns.map((_one, col) => this.#width(col))];
    const wanted = widths.map((one) => `${one}px`).join(" ");
    if (wanted !== this.#widths) {
      this.#widths = wanted;
      this.grid.style.setProperty("--cols", wanted);
      this.grid.style.inlineSize = `${widths.reduce((a, b) => a + b, 0)}px`;
    }
    const labels = this.columns.map((_one, col) => this.columnLabel(col));
    const shape = JSON.stringify([this.columns, labels, this.extraLabel]);
    if (shape === this.#shape) return;
    this.#shape = shape;
    this.grid.setAttribute("aria-colcount", widths.length);
    this.head.replaceChildren(
      el("div", { class: "g-no", role: "columnheader", "aria-label": t("wb.row_number") }, "#"),
      el("div", { class: "g-th", role: "columnheader" }, el("b", {}, this.extraLabel)),
      ...this.columns.map((one, col) =>
        el("div", { class: `g-th ${one.side}`, role: "columnheader", "aria-colindex": col + 1 + BEFORE, title: `${labels[col]} (${one.name})` },
          el("b", {}, labels[col]), el("code", {}, one.name)),
      ),
    );
    const had = document.activeElement === this.input.node;
    this.rows.clear();
    if (!had) return;
    this.#draw();
    this.input.focus();
  }

  #width(col) {
    const label = this.columnLabel(col);
    let most = Math.max(Math.min(wide(label), 16), wide(this.columns[col].name), 5);
    for (let row = 0; row < Math.min(this.count, SAMPLED); row += 1) {
      const shape = this.shape(row);
      const cell = cellUnder(shape, this.columns, this.columns[col]);
      if (cell) most = Math.max(most, shape.widths[shape.cells.indexOf(cell)]);
    }
    return Math.min(most, 46) * 7.3 + 22;
  }

  // Draw what has changed when the act that changed it is over, once for all of its changes.
  paint() {
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => this.#due && this.#draw());
  }

  #draw() {
    this.#due = false;
    this.grid.setAttribute("aria-rowcount", this.count + 1);
    this.rows.all();
    this.#lay();
  }

  // Other cells are chosen, and nothing else has changed.
  #choose(before) {
    if (this.#due) return this.#draw();
    const { top, bottom } = this.range;
    this.rows.some([...this.rows.between(before.top, before.bottom), ...this.rows.between(top, bottom)]);
    return this.#lay();
  }

  #lay() {
    this.input.place(this.rows.cell(this.active.row, this.active.col));
  }

  #scrolled() {
    this.rows.sight(this.view);
    // A cell that stays while the others move is a picture of its own, which every frame pays for.
    this.view.classList.toggle("across", this.view.scrollLeft > 0);
    this.rows.some();
    this.#lay();
  }

  show({ findings }) {
    this.findings = findings;
    this.paint();
  }

  // --- moving

  get range() {
    const [a, b] = [this.active, this.corner];
    return {
      top: Math.min(a.row, b.row), bottom: Math.max(a.row, b.row),
      left: Math.min(a.col, b.col), right: Math.max(a.col, b.col),
    };
  }

  chosen(row, col) {
    const { top, bottom, left, right } = this.range;
    return row >= top && row <= bottom && col >= left && col <= right;
  }

  // Go to a cell; with `extend` the other corner of the selection stays.
  go(row, col, { extend = false, focus = true } = {}) {
    this.visits += 1;
    const before = this.range;
    this.active = { row, col };
    this.#clamp(this.active);
    this.#hold();
    if (!extend) this.corner = { ...this.active };
    this.#intoView();
    this.rows.sight(this.view);
    this.#choose(before);
    if (focus) this.input.focus();
    this.#tell();
  }

  move(rows, cols, options) {
    this.go(this.active.row + rows, this.active.col + cols, options);
  }

  #intoView() {
    const top = this.active.row * ROW;
    const head = this.head.offsetHeight;
    const high = this.view.clientHeight - head - 2;
    if (top < this.view.scrollTop) this.view.scrollTop = top;
    else if (top + ROW > this.view.scrollTop + high) this.view.scrollTop = top + ROW - high;
    const shown = this.head.children[this.active.col + BEFORE];
    const fixed = GUTTER + (this.head.children[BEFORE]?.offsetWidth ?? 0);
    if (!shown || this.active.col === 0) return;
    const [left, right] = [shown.offsetLeft - fixed, shown.offsetLeft + shown.offsetWidth];
    if (left < this.view.scrollLeft) this.view.scrollLeft = left;
    else if (right > this.view.scrollLeft + this.view.clientWidth) this.view.scrollLeft = right - this.view.clientWidth;
  }

  #tell() {
    if (this.count) this.selected(this.id(this.active.row), this.table.rows[this.active.row]);
  }

  #place(event) {
    const row = event.target.closest?.(".g-row");
    const cell = event.target.closest?.("[data-col]");
    return row && cell ? { row: Number(row.dataset.row), col: Number(cell.dataset.col) } : null;
  }

  #press(event) {
    const at = this.#place(event);
    if (!at || event.button !== 0) return;
    if (event.target === this.input.node && this.input.editing) return;
    event.preventDefault();
    this.input.commit();
    this.#drag = true;
    this.go(at.row, at.col, { extend: event.shiftKey });
  }

  #reach(event) {
    const at = this.#place(event);
    if (!at || (at.row === this.corner.row && at.col === this.corner.col)) return;
    const before = this.range;
    this.corner = at;
    this.#choose(before);
  }

  // --- clipboard

  copied() {
    const { top, bottom, left, right } = this.range;
    const rows = [];
    for (let row = top; row <= bottom; row += 1) {
      rows.push(this.columns.slice(left, right + 1).map((_one, at) => this.text(row, left + at) ?? ""));
    }
    return toClipboard(rows);
  }

  pasted(text) {
    return this.edits.paste(fromClipboard(text));
  }

  // The first row at or after `from` whose cells hold `words`, going around once; -1 for none.
  find(words, from) {
    const sought = words.trim().toLowerCase();
    if (!sought) return -1;
    for (let step = 0; step < this.count; step += 1) {
      const row = (from + step) % this.count;
      if (this.line(row).text.toLowerCase().includes(sought)) return row;
    }
    return -1;
  }
}

function wide(text) {
  let width = 0;
  for (const one of text) width += one > "\u2e7f" ? 2 : 1;
  return width;
}
