// What a person does to a grid, as edits of the text.
import { t } from "./dom.js";

export class GridEdits {
  constructor(grid) {
    this.grid = grid;
  }

  #push(rows, edits, more = {}) {
    const { queue, name } = this.grid;
    const anchors = rows.map((row) => this.grid.line(row).from);
    const named = (lines) => edits(lines.map((one) => `@${one}`)).map((one) => ({ table: name, ...one }));
    return queue.push({ anchors, edits: (lines) => named(lines).map(this.#known), ...more });
  }

  // Renaming a rule is an edit of its own and knows its table.
  #known = (edit) => {
    if (edit.do === "rename_row") delete edit.table;
    return edit;
  };

  // Columns are named when a person acts: by the time the edit is made others may stand there.
  #cell(row, { name }, text) {
    return name === "id" && this.grid.name === "rules"
      ? { do: "rename_row", row, id: text }
      : { do: "set_cell", row, column: name, text };
  }

  // Write into the cell of the line that begins at `anchor`.
  setAt(anchor, name, text) {
    const { grid } = this;
    const row = grid.table.rows.indexOf(grid.editor.doc.lineAt(anchor).number);
    const col = grid.columns.findIndex((one) => one.name === name);
    if (row < 0 || col < 0) return grid.queue.refused(t("wb.edit_gone"));
    if (grid.text(row, col) === text) return Promise.resolve(true);
    const shown = { column: `${grid.name}.${name}`, text };
    return this.#push([row], ([at]) => [this.#cell(at, { name }, text)], { simple: true, shown });
  }

  // Go to where an act leads, unless the person has gone on or writes by then.
  #then(go) {
    const { grid } = this;
    const { visits } = grid;
    return () => {
      if (grid.visits === visits && !grid.input.editing) go();
    };
  }

  // Empty the chosen cells; a rule's id stays.
  clear() {
    const { top, bottom, left, right } = this.grid.range;
    const rows = range(top, bottom);
    const columns = this.grid.columns.slice(left, right + 1).filter((one) => one.name !== "id" || this.grid.name !== "rules");
    return this.#push(rows, (at) => at.flatMap((row) => columns.map((one) => this.#cell(row, one, "-"))));
  }

  insert() {
    const { grid } = this;
    const at = grid.count ? [grid.active.row] : [];
    const next = grid.count ? grid.active.row + 1 : 0;
    const edits = ([after]) => [{ do: "add_row", ...this.#fresh(), ...(after ? { after } : {}) }];
    return this.#push(at, edits, { done: this.#then(() => grid.go(next, 0)) });
  }

  duplicate() {
    const { grid } = this;
    const next = grid.active.row + 1;
    const edits = ([row]) => [{ do: "duplicate_row", row, ...this.#fresh() }];
    return this.#push([grid.active.row], edits, { done: this.#then(() => grid.go(next, grid.active.col)) });
  }

  #fresh() {
    return this.grid.name === "rules" ? { id: this.freshIds(1)[0] } : {};
  }

  remove() {
    const { top, bottom } = this.grid.range;
    // From below, so that the lines above keep their numbers.
    return this.#push(range(top, bottom), (at) => at.toReversed().map((row) => ({ do: "remove_row", row })), {
      done: this.#then(() => this.grid.go(top, this.grid.active.col)),
    });
  }

  shift(by) {
    const { grid } = this;
    const [row, other] = [grid.active.row, grid.active.row + by];
    if (other < 0 || other >= grid.count) return Promise.resolve(false);
    const side = by < 0 ? "before" : "after";
    const edits = ([one, beside]) => [{ do: "move_row", row: one, [side]: beside }];
    return this.#push([row, other], edits, { done: this.#then(() => grid.go(other, grid.active.col)) });
  }

  addColumn(name, side) {
    const { grid } = this;
    const now = grid.columns[grid.active.col];
    const after = now && now.side === side && now.name !== "basis" ? { after: now.name } : {};
    return this.#push([], () => [{ do: "add_column", name, side, ...after }], {
      done: this.#then(() => grid.go(grid.active.row, Math.max(0, grid.columns.findIndex((one) => one.name === name)))),
    });
  }

  removeColumn() {
    const { name } = this.grid.columns[this.grid.active.col];
    return this.#push([], () => [{ do: "remove_column", name }]);
  }

  // Cells from a spreadsheet, from the active cell on; rows that are missing are added. All of it
  // is one edit and one step of undo.
  paste(cells) {
    const { grid } = this;
    const { top, bottom, left, right } = grid.range;
    if (cells.length === 1 && cells[0].length === 1) {
      const columns = grid.columns.slice(left, right + 1);
      const text = written(cells[0][0]);
      return this.#push(range(top, bottom), (at) => at.flatMap((row) => columns.map((one) => this.#cell(row, one, text))));
    }
    const columns = grid.columns.slice(left);
    const fits = Math.min(cells.length, grid.count - top);
    const rows = range(top, top + fits - 1);
    const rules = grid.name === "rules";
    const idAt = rules ? columns.findIndex((one) => one.name === "id") : -1;
    const edits = (at) => [
      ...(idAt < 0 ? [] : this.#renamed(at, cells.slice(0, fits).map((row) => row[idAt]?.trim() ?? ""), rows)),
      ...at.flatMap((row, y) => columns.flatMap((one, x) => (x === idAt || x >= cells[y].length ? [] : [this.#cell(row, one, written(cells[y][x]))]))),
      ...this.#added(cells.slice(fits), columns, idAt),
    ];
    return this.#push(rows, edits, {
      done: this.#then(() => {
        grid.go(top, left);
        grid.corner = { row: top + cells.length - 1, col: Math.min(left + cells[0].length, grid.columns.length) - 1 };
        grid.paint();
      }),
    });
  }

  #added(cells, columns, idAt) {
    const ids = this.freshIds(cells.length);
    return cells.map((row, at) => ({
      do: "add_row",
      ...(this.grid.name === "rules" ? { id: (idAt >= 0 && row[idAt]?.trim()) || ids[at] } : {}),
      cells: Object.fromEntries(columns.flatMap((one, x) => (x === idAt || x >= row.length ? [] : [[one.name, written(row[x])]]))),
    }));
  }

  // Rows get other ids. Where an id is still another row's, all of them first get one that nobody
  // has, so that rows may change places; what examples say follows each of them.
  #renamed(at, wanted, rows) {
    const { grid } = this;
    const renames = at.flatMap((row, y) => (wanted[y] && wanted[y] !== grid.id(rows[y]) ? [{ row, id: wanted[y] }] : []));
    const taken = new Set(Array.from({ length: grid.count }, (_one, row) => grid.id(row)));
    const aside = renames.some((one) => taken.has(one.id))
      ? renames.map(({ row }, y) => ({ do: "rename_row", row, id: `pasted.${y}` })) : [];
    return [...aside, ...renames.map((one) => ({ do: "rename_row", ...one }))];
  }

  // Ids nobody has, in the manner of the active row's: after A7 come A8, A9.
  freshIds(number) {
    const { grid } = this;
    const all = Array.from({ length: grid.count }, (_one, row) => grid.id(row));
    const parts = /^(.*?)(\d*)$/.exec(grid.count ? grid.id(grid.active.row) : "R0");
    const stem = parts[1] || "R";
    const taken = new Set(all);
    let last = 0;
    for (const one of all) {
      const tail = one.startsWith(stem) ? one.slice(stem.length) : "";
      if (/^\d{1,9}$/.test(tail)) last = Math.max(last, Number(tail));
    }
    const ids = [];
    for (let next = last + 1; ids.length < number; next += 1) if (!taken.has(`${stem}${next}`)) ids.push(`${stem}${next}`);
    return ids;
  }
}

const written = (text) => text.replace(/\s*\n\s*/g, " ").trim() || "-";

function range(from, to) {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_one, at) => from + at);
}
