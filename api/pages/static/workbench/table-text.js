// Where the tables of a ruleset's text are, and how a line is cut into cells.
//
// The engine's lexer (engine/rules/lexer.py) says what a cell is; this is the same cut for a grid
// that must follow every key press. A test compares both on random lines.

const BEFORE_QUOTE = new Set("|,([<>=!≥≤≠;{");
const BLOCK = /^(rules|examples):[ \t]*\|[+-]?[1-9]?[+-]?[ \t]*(#.*)?$/;

// The text with full-width ASCII made half-width, the same length.
export function shadowOf(text) {
  return text.replace(/[\uff01-\uff5e\u3000]/g, (one) =>
    one === "\u3000" ? " " : String.fromCharCode(one.charCodeAt(0) - 0xfee0),
  );
}

function closingQuote(shadow, opening) {
  for (let at = opening + 1; at < shadow.length; at += 1) {
    if (shadow[at] === "\\") at += 1;
    else if (shadow[at] === '"') return at;
  }
  return null;
}

function opens(shadow, at) {
  while (at > 0 && (shadow[at - 1] === " " || shadow[at - 1] === "\t")) at -= 1;
  return at === 0 || BEFORE_QUOTE.has(shadow[at - 1]);
}

const leading = (text) => text.length - text.replace(/^[ \t]+/, "").length;

// Cells (text, and its begin and end in the line), index of the first output, number of arrows.
export function cut(line) {
  const shadow = shadowOf(line);
  const pieces = [];
  let [arrow, arrows] = [null, 0];
  let start = leading(shadow);
  const mark = /\\[^]|"|\||=>/g;
  mark.lastIndex = start;
  for (let found = mark.exec(shadow); found; found = mark.exec(shadow)) {
    if (found[0] === '"') {
      const close = opens(shadow, found.index) ? closingQuote(shadow, found.index) : null;
      if (close !== null) mark.lastIndex = close + 1;
    } else if (found[0] === "|" || found[0] === "=>") {
      pieces.push([start, found.index]);
      start = mark.lastIndex;
      if (found[0] === "=>") {
        arrows += 1;
        arrow ??= pieces.length;
      }
    }
  }
  pieces.push([start, shadow.length]);
  return { cells: pieces.map(([from, to]) => cell(line, shadow, from, to)), arrow, arrows };
}

function cell(line, shadow, from, to) {
  const piece = shadow.slice(from, to);
  const body = piece.replace(/^[ \t]+|[ \t]+$/g, "");
  const first = body ? from + leading(piece) : Math.min(from + 1, to);
  return { text: line.slice(first, first + body.length), from: first, to: first + body.length };
}

const indent = (text) => text.length - text.trimStart().length;

const readBefore = new WeakMap();

// The tables of a document: name -> {header, rows}, as line numbers from 1. A document never
// changes, so it is read once for all who ask.
export function tables(doc) {
  const known = readBefore.get(doc) ?? read(doc);
  readBefore.set(doc, known);
  return known;
}

function read(doc) {
  const made = {};
  let open = null;
  let margin = null;
  let number = 0;
  for (const text of doc.iterLines()) {
    number += 1;
    const blank = text.trim() === "";
    if (open && !blank) {
      margin ??= indent(text);
      if (margin === 0 || indent(text) < margin) open = null;
    }
    if (!open) {
      const block = BLOCK.exec(text);
      if (block && !made[block[1]]) {
        open = made[block[1]] = { header: null, rows: [] };
        margin = null;
      }
    } else if (!blank && !/^[ \t]*[#＃]/.test(text)) {
      if (open.header === null) open.header = number;
      else open.rows.push(number);
    }
  }
  for (const name of Object.keys(made)) if (made[name].header === null) delete made[name];
  return made;
}

// The columns of a table: name, side, index; `doc` is CodeMirror's text.
export function columnsOf(doc, table) {
  const head = cut(doc.line(table.header).text);
  const arrow = head.arrow ?? head.cells.length;
  return head.cells.map((one, index) => ({
    name: shadowOf(one.text),
    side: index < arrow ? "input" : "output",
    index,
  }));
}

// The cell under a column, or null where the line has not the header's shape.
export function cellUnder(shape, columns, column) {
  const inputs = columns.filter((one) => one.side === "input").length;
  if (shape.arrow === null || shape.arrows !== 1) return null;
  if (column.index < inputs) return shape.arrow === inputs ? shape.cells[column.index] : null;
  if (shape.cells.length - shape.arrow !== columns.length - inputs) return null;
  return shape.cells[column.index - inputs + shape.arrow];
}
