// The one input of a grid. Not editing, it is empty and clear above the active cell, and whatever
// is typed or composed into it begins an edit; keys move, mark, copy and paste.
import { MapMode } from "./codemirror.min.js";
import { el, t } from "./dom.js";
import { ROW } from "./grid-rows.js";
import { paramsOf, valuesOf } from "./writing-help.js";

let lists = 0;
const MOST_OPTIONS = 60;
const LIST_HEIGHT = 270;
const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

export class CellInput {
  #quick = false;
  // The cell that is written in: where its line begins, which moves with the text, and its column.
  #at = null;
  #options = [];
  #chosen = -1;

  constructor(grid) {
    this.grid = grid;
    this.editing = false;
    this.list = el("ul", { class: "g-list", role: "listbox", id: `g-list-${++lists}`, hidden: true, "aria-label": t("wb.values") });
    this.list.addEventListener("mousedown", (event) => {
      event.preventDefault();
      const option = event.target.closest("[role=option]");
      if (option) this.#take(Number(option.dataset.at));
    });
    document.body.append(this.list);
    this.node = el("input", {
      class: "g-input", role: "combobox", autocomplete: "off", autocapitalize: "off", spellcheck: "false",
      "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": this.list.id,
    });
    grid.editor.onTransaction((changes) => {
      if (this.#at?.anchor == null) return;
      this.#at.anchor = changes.mapPos(this.#at.anchor, 1, MapMode.TrackAfter);
    });
    this.node.addEventListener("compositionstart", () => this.#begin(true));
    this.node.addEventListener("input", () => {
      this.#begin(true);
      this.#offer();
    });
    this.node.addEventListener("keydown", (event) => this.#key(event));
    this.node.addEventListener("blur", () => this.commit());
    this.node.addEventListener("copy", (event) => this.#clipboard(event));
    this.node.addEventListener("cut", (event) => this.#clipboard(event));
    this.node.addEventListener("paste", (event) => this.#clipboard(event));
  }

  // Lie over a cell; never moved while somebody writes in it.
  place(cell) {
    if (this.editing) return;
    if (this.node.parentElement !== cell) {
      const had = document.activeElement === this.node;
      this.node.parentElement?.classList.remove("here");
      if (cell) cell.append(this.node);
      else this.node.remove();
      cell?.classList.add("here");
      if (had) this.node.focus({ preventScroll: true });
    }
    if (!cell) return;
    const { row, col } = this.grid.active;
    const said = `${this.grid.id(row)} ${this.grid.columnLabel(col)}: ${this.grid.text(row, col) ?? ""}`;
    if (this.node.getAttribute("aria-label") !== said) this.node.setAttribute("aria-label", said);
    this.node.readOnly = this.grid.locked;
  }

  focus() {
    this.node.focus({ preventScroll: true });
  }

  // Begin to write in the cell's text; a double click and F2 do this.
  edit() {
    if (this.grid.locked || !this.grid.count || this.editing) return;
    const { row, col } = this.grid.active;
    this.node.value = this.grid.text(row, col) ?? "";
    this.#begin(false);
    this.focus();
    this.node.select();
    this.#offer();
  }

  #begin(quick) {
    if (this.editing || this.grid.locked || !this.grid.count) return;
    const { row, col } = this.grid.active;
    this.editing = true;
    this.#quick = quick;
    this.#at = { anchor: this.grid.line(row).from, column: this.grid.columns[col].name };
    this.node.parentElement?.classList.add("editing");
  }

  #end() {
    this.editing = false;
    this.node.value = "";
    this.node.parentElement?.classList.remove("editing");
    this.#close();
  }

  // Keep what was written; nothing where nothing is being written.
  commit() {
    if (!this.editing) return;
    const { anchor, column } = this.#at;
    const text = this.node.value.trim() || "-";
    this.#end();
    if (anchor === null) this.grid.queue.refused(t("wb.edit_gone"));
    else void this.grid.edits.setAt(anchor, column, text);
    this.grid.refresh();
  }

  // The row and column that are written in, wherever they stand by now; -1 for what is gone.
  get written() {
    const { anchor, column } = this.#at;
    const line = anchor === null ? 0 : this.grid.editor.doc.lineAt(anchor).number;
    return {
      row: this.grid.table?.rows.indexOf(line) ?? -1,
      col: this.grid.columns.findIndex((one) => one.name === column),
    };
  }

  cancel() {
    this.#end();
    this.grid.refresh();
  }

  // --- closed lists and parameters

  #token() {
    const before = this.node.value.slice(0, this.node.selectionStart ?? this.node.value.length);
    const from = before.search(/[^,，>＞(（\s]*$/);
    return { from, to: before.length, text: before.slice(from) };
  }

  #offer() {
    const column = this.grid.columns[this.grid.active.col].name;
    const knowledge = this.grid.knowledge();
    const sought = this.#token().text.toLowerCase();
    const every = [...valuesOf(knowledge, column), ...paramsOf(knowledge, column)];
    this.#options = every
      .filter((one) => [one.code, one.label, one.also].some((text) => text.toLowerCase().includes(sought)))
      .filter((one) => one.code.toLowerCase() !== sought)
      .slice(0, MOST_OPTIONS);
    this.#chosen = -1;
    if (!this.#options.length) return this.#close();
    const box = this.node.getBoundingClientRect();
    this.list.replaceChildren(
      ...this.#options.map((one, at) =>
        el("li", { role: "option", id: `${this.list.id}-${at}`, "data-at": at, "aria-selected": "false" },
          el("code", {}, one.code), el("span", {}, one.label))),
    );
    this.list.hidden = false;
    this.list.style.insetInlineStart = `${box.left}px`;
    this.list.style.minInlineSize = `${box.width}px`;
    // It grows up from its lower edge or down from its upper one, so it need not be measured.
    const below = innerHeight - box.bottom > LIST_HEIGHT || box.top < LIST_HEIGHT;
    this.list.style.insetBlock = below ? `${box.bottom}px auto` : `auto ${innerHeight - box.top}px`;
    this.node.setAttribute("aria-expanded", "true");
    return undefined;
  }

  #close() {
    this.#options = [];
    this.#chosen = -1;
    this.list.hidden = true;
    this.node.setAttribute("aria-expanded", "false");
    this.node.removeAttribute("aria-activedescendant");
  }

  #choose(by) {
    const all = this.#options.length;
    this.#chosen = (this.#chosen + by + all + (this.#chosen < 0 && by < 0 ? 1 : 0)) % all;
    for (const [at, option] of [...this.list.children].entries()) {
      option.setAttribute("aria-selected", String(at === this.#chosen));
    }
    this.list.children[this.#chosen].scrollIntoView({ block: "nearest" });
    this.node.setAttribute("aria-activedescendant", `${this.list.id}-${this.#chosen}`);
  }

  #take(at) {
    const { from, to } = this.#token();
    const { code } = this.#options[at];
    this.node.value = this.node.value.slice(0, from) + code + this.node.value.slice(to);
    this.node.setSelectionRange(from + code.length, from + code.length);
    this.#begin(false);
    this.#close();
  }

  // --- keys

  #key(event) {
    // While an input method composes, every key is its own.
    if (event.isComposing || event.keyCode === 229) return;
    const handled = this.#common(event) || (this.editing ? this.#writing(event) : this.#moving(event));
    if (handled) event.preventDefault();
  }

  #common(event) {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return false;
    const key = event.key.toLowerCase();
    if (this.editing || (key !== "z" && key !== "y")) return false;
    if (key === "z" && !event.shiftKey) this.grid.editor.undo();
    else this.grid.editor.redo();
    return true;
  }

  #writing(event) {
    const open = !this.list.hidden;
    const step = ARROWS[event.key];
    if (event.key === "Escape") {
      if (open) this.#close();
      else this.cancel();
      event.stopPropagation();
      return true;
    }
    if (event.key === "Enter" && open && this.#chosen >= 0) {
      this.#take(this.#chosen);
      return true;
    }
    if (event.key === "Enter" || event.key === "Tab") {
      const back = event.shiftKey ? -1 : 1;
      this.commit();
      if (event.key === "Enter") this.grid.move(back, 0);
      else this.grid.move(0, back);
      return true;
    }
    if (step && open && step[0]) {
      this.#choose(step[0]);
      return true;
    }
    if (step && (this.#quick || step[0]) && !event.shiftKey) {
      this.commit();
      this.grid.move(...step);
      return true;
    }
    return false;
  }

  #moving(event) {
    const { grid } = this;
    const command = event.ctrlKey || event.metaKey;
    const extend = event.shiftKey;
    const step = ARROWS[event.key];
    if (step && event.altKey) {
      if (step[0] && !grid.locked) void grid.edits.shift(step[0]);
      return Boolean(step[0]);
    }
    if (step && command) {
      const far = { row: step[0] ? (step[0] < 0 ? 0 : grid.count) : grid.active.row, col: step[1] ? (step[1] < 0 ? 0 : grid.columns.length) : grid.active.col };
      grid.go(far.row, far.col, { extend });
      return true;
    }
    if (step) {
      grid.move(...step, { extend });
      return true;
    }
    const page = Math.max(1, Math.floor(grid.view.clientHeight / ROW) - 2);
    const moves = {
      Home: () => grid.go(command ? 0 : grid.active.row, 0, { extend }),
      End: () => grid.go(command ? grid.count : grid.active.row, grid.columns.length, { extend }),
      PageUp: () => grid.move(-page, 0, { extend }),
      PageDown: () => grid.move(page, 0, { extend }),
    };
    if (command && event.key.toLowerCase() === "a") {
      grid.go(grid.count, grid.columns.length);
      grid.corner = { row: 0, col: 0 };
      grid.paint();
      return true;
    }
    if (moves[event.key]) {
      moves[event.key]();
      return true;
    }
    if (grid.locked) return false;
    const acts = {
      Enter: () => (command ? grid.edits.insert() : this.edit()),
      F2: () => this.edit(),
      Delete: () => (command ? grid.edits.remove() : grid.edits.clear()),
      Backspace: () => grid.edits.clear(),
    };
    if (command && event.key.toLowerCase() === "d") acts[event.key] = () => grid.edits.duplicate();
    if (!acts[event.key]) return false;
    void acts[event.key]();
    return true;
  }

  #clipboard(event) {
    if (this.editing) return;
    event.preventDefault();
    if (event.type === "paste") {
      if (!this.grid.locked) void this.grid.pasted(event.clipboardData.getData("text/plain"));
      return;
    }
    event.clipboardData.setData("text/plain", this.grid.copied());
    if (event.type === "cut" && !this.grid.locked) void this.grid.edits.clear();
  }
}
