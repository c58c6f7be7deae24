// What may stand where the cursor is: columns in a header, values and parameters in a cell, keys
// above the tables; and what a word under the pointer means.
import { el, t } from "./dom.js";
import { columnsOf, cut, tables } from "./table-text.js";

// Values a column may hold, parameters it may name: [{code, label, also}].
export function valuesOf(knowledge, column) {
  const offered = knowledge.columns.get(column);
  const values = (offered?.values ?? []).map(([code, label, also]) => ({ code, label, also }));
  if (offered?.type === "bool") {
    values.push({ code: "true", label: t("wb.yes"), also: "" }, { code: "false", label: t("wb.no"), also: "" });
  }
  if (column === "branch") values.push(...knowledge.branches);
  return values;
}

export function paramsOf(knowledge, column) {
  const type = knowledge.columns.get(column)?.type;
  return knowledge.params
    .filter((one) => !type || !one.type || one.type === type)
    .map((one) => ({ code: `$${one.name}`, label: one.value, also: "" }));
}

function place(doc, at) {
  const line = doc.lineAt(at);
  for (const [name, table] of Object.entries(tables(doc))) {
    if (line.number === table.header) return { name, header: true, line };
    if (table.rows.includes(line.number)) {
      const columns = columnsOf(doc, table);
      const cells = cut(line.text).cells;
      const index = cells.findLastIndex((one) => one.from <= at - line.from);
      return { name, line, column: columns[index]?.name, cell: cells[index] };
    }
  }
  return { name: null, line };
}

export function completions(context, knowledge) {
  const found = place(context.state.doc, context.pos);
  const word = context.matchBefore(/[$\w\u3400-\u9fff-]*/);
  if (!context.explicit && word.from === word.to) return null;
  const options = (made) => (made.length ? { from: word.from, options: made, validFor: /^[$\w\u3400-\u9fff-]*$/ } : null);
  if (found.header) {
    const offered = [...knowledge.columns.values()];
    return options(offered.map((one) => ({ label: one.name, detail: one.label, type: "property" })));
  }
  if (found.column) {
    const values = [...valuesOf(knowledge, found.column), ...paramsOf(knowledge, found.column)];
    return options(values.map((one) => ({ label: one.code, detail: one.label, type: "enum" })));
  }
  if (found.name === null && word.from === found.line.from) {
    return options(knowledge.keys.map((one) => ({ label: one, apply: `${one}: `, type: "property" })));
  }
  return null;
}

export function explained(doc, at, knowledge) {
  const found = place(doc, at);
  const line = found.line.text;
  let [from, to] = [at - found.line.from, at - found.line.from];
  while (from > 0 && /[\w$]/.test(line[from - 1])) from -= 1;
  while (to < line.length && /\w/.test(line[to])) to += 1;
  const word = line.slice(from, to);
  const lines = [];
  const param = word.startsWith("$") && knowledge.params.find((one) => `$${one.name}` === word);
  const column = knowledge.columns.get(word);
  if (param) lines.push(`${word} = ${param.value}`, ...Object.entries(param.overrides).map(([org, value]) => `${org}: ${value}`));
  else if (column) lines.push(`${column.label} (${column.name})`, `${t("wb.type")} ${column.type}`, column.iso20022 ?? "");
  else if (found.column) {
    const value = valuesOf(knowledge, found.column).find((one) => one.code === word);
    const label = knowledge.columns.get(found.column)?.label ?? found.column;
    lines.push(value ? `${label}: ${value.label} (${value.code})` : label);
  }
  if (!lines.length) return null;
  return {
    pos: found.line.from + from,
    end: found.line.from + Math.max(to, from),
    create: () => ({ dom: el("div", {}, ...lines.filter(Boolean).map((one) => el("p", {}, one))) }),
  };
}
