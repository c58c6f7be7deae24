// Two texts side by side, with the lines that differ marked; nothing is chosen by itself.
import { el, t } from "./dom.js";

const MOST = 4_000_000;

export class ConflictView {
  constructor(place) {
    this.place = place;
  }

  show(theirs, mine, choose) {
    const [left, right] = marked(theirs.text.split("\n"), mine.split("\n"));
    const side = (label, lines) => el("section", {}, el("h3", {}, label), el("pre", { tabindex: "0", "aria-label": label }, ...lines));
    this.place.replaceChildren(
      el("h2", {}, t("wb.conflict_title", { user: theirs.last_editor || "—" })),
      el("p", {}, t("wb.conflict_how")),
      el("div", { class: "wb-two" }, side(t("wb.theirs"), left), side(t("wb.mine"), right)),
      el("div", { class: "row" },
        el("button", { type: "button", onclick: choose.mine }, t("wb.take_mine")),
        el("button", { type: "button", class: "plain", onclick: choose.theirs }, t("wb.take_theirs"))));
    this.place.hidden = false;
    this.place.scrollIntoView({ block: "start" });
    this.place.querySelector("button").focus();
  }

  hide() {
    this.place.hidden = true;
    this.place.replaceChildren();
  }
}

// Lines of both texts, those that the other has not marked with a sign and a tint.
function marked(old, fresh) {
  const same = common(old, fresh);
  const lines = (texts, kept, sign) => texts.map((text, at) =>
    kept.has(at) ? el("span", {}, `  ${text}\n`) : el("mark", {}, `${sign} ${text}\n`));
  return [lines(old, new Set(same.map(([one]) => one)), "−"), lines(fresh, new Set(same.map(([, one]) => one)), "+")];
}

// Pairs of lines in both texts, in order (longest common subsequence between equal ends).
function common(old, fresh) {
  let head = 0;
  while (head < old.length && head < fresh.length && old[head] === fresh[head]) head += 1;
  let [a, b] = [old.length, fresh.length];
  while (a > head && b > head && old[a - 1] === fresh[b - 1]) [a, b] = [a - 1, b - 1];
  const pairs = Array.from({ length: head }, (_one, at) => [at, at]);
  const [rows, cols] = [a - head, b - head];
  if (rows * cols <= MOST) {
    const long = Array.from({ length: rows + 1 }, () => new Uint32Array(cols + 1));
    for (let i = rows - 1; i >= 0; i -= 1) {
      for (let j = cols - 1; j >= 0; j -= 1) {
        long[i][j] = old[head + i] === fresh[head + j] ? long[i + 1][j + 1] + 1 : Math.max(long[i + 1][j], long[i][j + 1]);
      }
    }
    for (let i = 0, j = 0; i < rows && j < cols; ) {
      if (old[head + i] === fresh[head + j]) pairs.push([head + i++, head + j++]);
      else if (long[i + 1][j] >= long[i][j + 1]) i += 1;
      else j += 1;
    }
  }
  for (let at = 0; a + at < old.length; at += 1) pairs.push([a + at, b + at]);
  return pairs;
}
