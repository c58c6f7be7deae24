// What a person does to a grid, as edits of the text.

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

  #cell(row, col, text) {
    const { name } = this.grid.columns[col];
    return name === "id" && this.grid.name === "rules"
      ? { do: "rename_row", row, id: text }
      : { do: "set_cell", row, column: name, text };
  }

  set(row, col, text) {
    if (this.grid.text(row, col) === text) return Promise.resolve(true);
    const shown = { column: `${this.grid.name}.${this.grid.columns[col].name}`, text };
    return this.#push([row], ([at]) => [this.#cell(at, col, text)], { simple: true, shown });
  }

  // Empty the chosen cells; a rule's id stays.
  clear() {
    const { top, bottom, left, right } = this.grid.range;
    const rows = range(top, bottom);
    const cols = range(left, right).filter((col) => this.grid.columns[col].name !== "id" || this.grid.name !== "rules");
    return this.#push(rows, (at) => at.flatMap((one) => cols.map((col) => this.#cell(one, col, "-"))));
  }

  insert() {
    const { grid } = this;
    const at = grid.count ? [grid.active.row] : [];
    const id = grid.name === "rules" ? { id: this.freshIds(1)[0] } : {};
    const next = grid.count ? grid.active.row + 1 : 0;
    const edits = ([after]) => [{ do: "add_row", ...id, ...(after ? { after } : {}) }];
    return this.#push(at, edits, { done: () => grid.go(next, 0) });
  }

  duplicate() {
    const { grid } = this;
    const id = grid.name === "rules" ? { id: this.freshIds(1)[0] } : {};
    const next = grid.active.row + 1;
    const edits = ([row]) => [{ do: "duplicate_row", row, ...id }];
    return this.#push([grid.active.row], edits, { done: () => grid.go(next, grid.active.col) });
  }

  remove() {
    const { top, bottom } = this.grid.range;
    // From below, so that the lines above keep their numbers.
    return this.#push(range(top, bottom), (at) => at.toReversed().map((row) => ({ do: "remove_row", row })), {
      done: () => this.grid.go(top, this.grid.active.col),
    });
  }

  shift(by) {
    const { grid } = this;
    const [row, other] = [grid.active.row, grid.active.row + by];
    if (other < 0 || other >= grid.count) return Promise.resolve(false);
    const side = by < 0 ? "before" : "after";
    const edits = ([one, beside]) => [{ do: "move_row", row: one, [side]: beside }];
    return this.#push([row, other], edits, { done: () => grid.go(other, grid.active.col) });
  }

  addColumn(name, side) {
    const { grid } = this;
    const now = grid.columns[grid.active.col];
    const after = now && now.side === side && now.name !== "basis" ? { after: now.name } : {};
    return this.#push([], () => [{ do: "add_column", name, side, ...after }], {
      done: () => grid.go(grid.active.row, Math.max(0, grid.columns.findIndex((one) => one.name === name))),
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
      const rows = range(top, bottom);
      const text = written(cells[0][0]);
      return this.#push(rows, (at) => at.flatMap((row) => range(left, right).map((col) => this.#cell(row, col, text))));
    }
    const fits = Math.min(cells.length, grid.count - top);
    const width = (row) => row.slice(0, grid.columns.length - left);
    const rest = cells.slice(fits);
    const ids = this.freshIds(rest.length);
    const idAt = grid.name === "rules" ? grid.columns.findIndex((one) => one.name === "id") - left : -1;
    const added = rest.map((row, at) => ({
      do: "add_row",
      ...(grid.name === "rules" ? { id: (idAt >= 0 && row[idAt]?.trim()) || ids[at] } : {}),
      cells: Object.fromEntries(
        width(row).flatMap((text, col) => (col === idAt ? [] : [[grid.columns[left + col].name, written(text)]])),
      ),
    }));
    const changed = (at) => at.flatMap((row, y) => width(cells[y]).map((text, x) => this.#cell(row, left + x, written(text))));
    return this.#push(range(top, top + fits - 1), (at) => [...changed(at), ...added], {
      done: () => {
        grid.go(top, left);
        grid.corner = { row: top + cells.length - 1, col: Math.min(left + cells[0].length, grid.columns.length) - 1 };
        grid.paint();
      },
    });
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
