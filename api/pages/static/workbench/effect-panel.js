// What the draft would have done to the documents of the past: outcomes before and after, money,
// branches, the largest documents. It follows every edit and says when it is older than the text.
import { ask, count, el, lang, latest, money, Problem, t, time } from "./dom.js";

const SLOW = 600;

export class EffectPanel {
  #found = null;
  #at = null;
  #waiting = 0;

  // `text` gives the text to preview, `file` what its errors call it; `example` keeps a document as
  // an example; `rows` is told the hits of each row, `rested` when an answer is shown.
  constructor(place, { draft, file, text, example, rows, knowledge, rested }) {
    Object.assign(this, { place, draft, file, text, example, rows, knowledge, rested });
    this.busy = false;
    this.days = el("select", { "aria-label": t("wb.history"), onchange: () => void this.ask() },
      ...[90, 30].map((days) => el("option", { value: days }, t("wb.days", { days }))));
    this.head = el("div", { class: "row between" }, el("h2", {}, t("wb.effect")), this.days);
    this.state = el("p", { class: "wb-stale", role: "status" });
    this.body = el("div");
    place.replaceChildren(this.head, this.state, this.body);
  }

  ask() {
    this.busy = true;
    this.place.setAttribute("aria-busy", "true");
    this.#waiting ||= setTimeout(() => this.#slow(), SLOW);
    return this.#asked();
  }

  #asked = latest(async (signal, newest) => {
    const begun = performance.now();
    try {
      const found = await ask("POST", "/api/v1/rulesets/preview", {
        text: this.text(), file: this.file, history: `live:${this.days.value}d`, largest: 8, lang: lang(),
      }, { signal });
      performance.measure("workbench.preview", { start: begun });
      if (!newest()) return;
      this.#found = found;
      this.#at = new Date();
      this.rows(new Map(found.rows.map((one) => [one.row, one])));
      this.#draw(found);
      this.#stale("");
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (newest()) this.#refused(problem);
    } finally {
      if (newest()) this.#done();
    }
  });

  #done() {
    clearTimeout(this.#waiting);
    this.#waiting = 0;
    this.busy = false;
    this.place.setAttribute("aria-busy", "false");
    this.rested();
  }

  // A large table takes its time: until then it is said that what stands here is older.
  #slow() {
    this.#stale(this.#found ? t("wb.computing", { at: time(this.#at) }) : t("wb.computing_first"));
  }

  // Say the outcomes anew: the words of the kind have come.
  relabel() {
    if (this.#found) this.#draw(this.#found);
  }

  // The text has errors: what stands here is the effect of the last text that had none.
  invalid(errors) {
    this.#stale(this.#found
      ? t("wb.as_of", { at: time(this.#at), count: errors })
      : t("wb.not_yet_valid", { count: errors }));
  }

  #refused(problem) {
    if (problem.body.code === "DRAFT_HAS_ERRORS") return this.invalid(problem.body.findings?.length ?? 1);
    this.#found = null;
    this.rows(new Map());
    this.body.replaceChildren();
    return this.#stale(problem.message);
  }

  #stale(text) {
    this.state.textContent = text;
    this.place.classList.toggle("stale", text !== "");
  }

  #draw(found) {
    const { currency } = found;
    const worth = found.amount_fact ? ` · ${currency} ${money(found.amount_changed)}` : "";
    const part = { changed: count(found.changed), all: count(found.documents) };
    this.body.replaceChildren(
      el("p", { class: "figure", id: "effect-figure" }, t(found.changed ? "wb.changed" : "wb.unchanged", part), found.changed ? worth : ""),
      el("p", { class: "soft" }, [
        found.against ? t("wb.against", { name: found.against.name, version: found.against.version }) : t("wb.against_nothing"),
        ...found.notes,
      ].join(" ")),
      this.#outcomes(found),
      ...this.#refusals(found),
      ...this.#branches(found),
      ...this.#largest(found),
    );
  }

  // An outcome with the labels of its codes: "reviewer" is said as people say it.
  #said(outcome) {
    const outputs = [...this.knowledge().columns.values()].filter((one) => one.side === "output");
    const labels = new Map(outputs.flatMap((one) => one.values.map(([code, label]) => [code, label])));
    return outcome.replace(/[A-Za-z_]\w*/g, (one) => labels.get(one) ?? one);
  }

  #outcomes(found) {
    const moved = found.outcomes.filter((one) => one.live !== one.draft || /[1-9]/.test(one.delta_amount));
    const rest = found.outcomes.length - moved.length;
    const head = [t("wb.outcome"), t("wb.live"), t("wb.draft"), t("wb.change"), ...(found.amount_fact ? [`Δ ${found.currency}`] : [])];
    const rows = (moved.length ? moved : found.outcomes).map((one) => [
      this.#said(one.outcome), count(one.live), count(one.draft), signed(one.draft - one.live),
      ...(found.amount_fact ? [money(one.delta_amount, { signed: true })] : []),
    ]);
    return el("div", {}, table(t("wb.outcomes"), head, rows),
      moved.length && rest ? el("p", { class: "soft" }, t("wb.same_outcomes", { count: rest })) : null);
  }

  #refusals(found) {
    if (!found.refused.length) return [];
    return [
      el("h3", {}, t("wb.refused")),
      el("ul", { class: "findings" }, ...found.refused.map((one) =>
        el("li", {}, el("strong", {}, count(one.documents)), ` ${one.message} [${one.code}] `, one.document ? this.#link(one.document) : null))),
    ];
  }

  #branches(found) {
    const moved = found.branches.filter((one) => one.changed);
    if (!moved.length) return [];
    const head = [t("wb.branch"), t("wb.documents"), t("wb.change"), ...(found.amount_fact ? [found.currency] : [])];
    const rows = moved.map((one) => [one.branch ?? "—", count(one.documents), count(one.changed), ...(found.amount_fact ? [money(one.amount_changed)] : [])]);
    return [el("h3", {}, t("wb.by_branch")), table(t("wb.by_branch"), head, rows)];
  }

  #link(document) {
    // A demo's made-up documents are not stored: there is nothing to open.
    if (!this.#found.stored.includes(document)) return el("span", { class: "id" }, document);
    const address = `/explain/${encodeURIComponent(document)}?under=draft:${this.draft}`;
    return el("a", { class: "id", href: address, target: "_blank" }, document);
  }

  #largest(found) {
    if (!found.largest.length) return [];
    return [
      el("h3", {}, t("wb.largest")),
      el("ul", { class: "wb-largest" }, ...found.largest.map((one) =>
        el("li", {},
          el("div", { class: "row between" }, this.#link(one.document), el("b", { class: "num" }, `${found.amount_fact ? found.currency : ""} ${money(one.amount)}`)),
          el("div", {}, el("span", { class: "soft" }, `${one.branch ?? ""} `),
            `${one.live_rows.join(", ") || "—"} ${this.#said(one.live_outcome)} → ${one.draft_rows.join(", ") || "—"} ${this.#said(one.draft_outcome)}`),
          found.stored.includes(one.document)
            ? el("button", { type: "button", class: "plain small", onclick: () => this.example(one.document) }, t("wb.as_example"))
            : null))),
    ];
  }
}

const signed = (number) => (number > 0 ? `+${count(number)}` : number < 0 ? `\u2212${count(-number)}` : "0");

function table(label, head, rows) {
  return el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": label },
    el("table", {},
      el("thead", {}, el("tr", {}, ...head.map((one, at) => el("th", { scope: "col", class: at ? "num" : "" }, one)))),
      el("tbody", {}, ...rows.map((row) => el("tr", {}, ...row.map((one, at) => el("td", { class: at ? "num" : "text" }, one)))))));
}
