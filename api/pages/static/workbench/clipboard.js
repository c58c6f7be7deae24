// Rows of cells as spreadsheets put them on the clipboard: tabs between cells, lines between rows,
// and quotes around a cell that holds either.

export function toClipboard(rows) {
  const cell = (text) => (/[\t\n"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return rows.map((row) => row.map(cell).join("\t")).join("\n");
}

export function fromClipboard(text) {
  const clean = text.replace(/\r\n?/g, "\n").replace(/\n$/, "");
  const rows = [[]];
  let at = 0;
  while (at <= clean.length) {
    let cell = "";
    if (clean[at] === '"' && closes(clean, at)) {
      at += 1;
      while (clean[at] !== '"' || clean[at + 1] === '"') {
        cell += clean[at];
        at += clean[at] === '"' ? 2 : 1;
      }
      at += 1;
    } else {
      while (at < clean.length && clean[at] !== "\t" && clean[at] !== "\n") cell += clean[at++];
    }
    rows.at(-1).push(cell);
    if (clean[at] === "\n") rows.push([]);
    else if (clean[at] !== "\t") break;
    at += 1;
  }
  return rows;
}

// Whether the quote at `at` begins a quoted cell: its end stands before a tab, a line or nothing.
function closes(text, at) {
  const body = /^"(?:[^"]|"")*"(?=\t|\n|$)/.exec(text.slice(at));
  return body !== null;
}
