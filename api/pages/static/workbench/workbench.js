// The workbench: text and grid of one draft, and what follows from every change of it.
import { ask, chinese, count, el, lang, latest, learnToken, learnWords, Problem, t } from "./dom.js";
import { ConflictView } from "./conflict-view.js";
import { DraftKeeper } from "./draft-keeper.js";
import { EditQueue } from "./edit-queue.js";
import { EffectPanel } from "./effect-panel.js";
import { FormPanel } from "./form-panel.js";
import { GridBar } from "./grid-bar.js";
import "./rule-editor.js";
import { RuleGrid } from "./rule-grid.js";

const TYPING = 250;
const SOON = 400;
const RESTING = 60;
const KEYS = ["kind", "name", "extends", "title", "version", "effective", "scope", "currency", "params", "adjustable", "overrides", "extensible", "hit_policy", "priority", "otherwise", "derive", "rules", "examples"];

class Workbench {
  #words = "";
  #timer = 0;
  #saying = 0;
  #examples = new Map();
  #hits = new Map();
  #sentences = {};
  #selected = null;

  constructor(page) {
    const given = JSON.parse(page.querySelector("#workbench-data").textContent);
    learnWords(given.words);
    learnToken(given.csrf);
    this.page = page;
    this.given = given;
    this.knowledge = { columns: new Map(), params: [], branches: [], keys: KEYS };
    this.knowledge.branches = given.organisations.map(([code, label]) => ({ code, label, also: "" }));
    this.policies = [];
    this.findings = [];
    this.part = (name) => page.querySelector(`[data-part=${name}]`);
    this.editor = this.part("text");
    const area = page.querySelector("textarea[name=text]");
    this.editor.open(area.value, { label: t("wb.text"), knowledge: () => this.knowledge, locked: true });
    area.closest("form").remove();
    this.#assemble();
    this.editor.onChange((by) => this.#changed(by));
    this.#look();
    void this.keeper.open();
  }

  // Say in the page whether everything that is shown is of the text as it stands.
  #rest() {
    const waits = this.#acts || this.queue.pending || this.#timer || this.#shown !== this.editor.doc || this.effect.busy;
    this.page.setAttribute("aria-busy", String(Boolean(waits)));
  }

  #shown = null;
  #turn = 0;

  get #grids() {
    return [this.rules, this.examples];
  }

  #assemble() {
    const { editor, given } = this;
    this.queue = new EditQueue(editor, { changed: () => this.#paint(), refused: (why) => this.#say(why, "bad") });
    const grid = (name, label, extraLabel, extra, selected = () => undefined) => new RuleGrid({
      name, label, editor, extraLabel, extra, selected, queue: this.queue, knowledge: () => this.knowledge,
    });
    this.rules = grid("rules", t("wb.rules"), t("wb.hits"), (_row, id) => this.#hit(id), (id, line) => this.#select(id, line));
    this.examples = grid("examples", t("wb.examples"), t("wb.result"), (_row, _id, line) => this.#examples.get(line));
    this.bars = [this.rules, this.examples].map((one) => new GridBar(one));
    for (const bar of this.bars) this.part(bar.grid.name).append(bar.node, bar.grid.view);
    this.effect = new EffectPanel(this.part("effect"), {
      draft: given.id, file: given.file, text: () => editor.text, knowledge: () => this.knowledge,
      example: (document) => void this.#saveExample(document),
      rested: () => this.#rest(),
      rows: (hits) => {
        this.#hits = hits;
        this.rules.paint();
      },
    });
    this.forms = new FormPanel(this.part("form"), { queue: this.queue, editor, organisations: given.organisations, policies: () => this.policies });
    this.keeper = new DraftKeeper({
      id: given.id, seen: given.hash, state: given.state, editor, may: given.may,
      told: (text, tone) => this.#say(text, tone),
      writing: () => Boolean(this.queue.pending) || this.#grids.some((one) => one.input.editing),
      settle: async () => {
        for (const grid of this.#grids) grid.input.commit();
        await this.queue.whenIdle();
      },
      notice: (said) => {
        this.part("notice").replaceChildren(...(said ? [said] : []));
        this.part("notice").hidden = !said;
        this.#paint();
        if (this.look) this.forms.show(this.look);
      },
      stored: new ConflictView(this.part("conflict")),
    });
    this.page.addEventListener("click", (event) => this.#act(event));
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  // --- following the text

  #changed(by) {
    this.rules.refresh();
    this.examples.refresh();
    this.#paint();
    clearTimeout(this.#timer);
    if (by === "grid") this.#look();
    else this.#timer = setTimeout(() => this.#look(), TYPING);
  }

  #look() {
    this.#timer = 0;
    // The effect first, which the person waits for; the findings when it is there, or soon.
    const turn = (this.#turn += 1);
    const soon = new Promise((go) => setTimeout(go, SOON));
    void Promise.race([this.effect.ask(), soon]).then(() => turn === this.#turn && this.#asked());
  }

  #asked = latest(async (signal, newest) => {
    const { doc } = this.editor;
    let found;
    try {
      found = await ask("POST", "/api/v1/workbench/look", { text: this.editor.text, file: this.given.file, lang: lang() }, { signal });
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      this.#shown = doc;
      this.#rest();
      return this.#say(problem.message, "bad");
    }
    if (this.editor.doc !== doc) return undefined;
    try {
      await this.#learn(found.values ?? {});
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      this.#say(problem.message, "bad");
    }
    if (!newest() || this.editor.doc !== doc) return undefined;
    this.look = found;
    this.findings = found.findings;
    this.#sentences = found.sentences;
    this.knowledge.params = found.params;
    this.knowledge.derived = found.derived.map((name) => ({ name, label: name, side: "input", type: "", values: [] }));
    this.editor.mark(found.findings);
    this.#examples = new Map(found.examples.map((one) => [one.line, tried(one)]));
    this.#findingsList();
    const errors = found.findings.filter((one) => one.severity === "error").length;
    if (errors) this.effect.invalid(errors);
    this.rules.show({ findings: found.findings });
    this.examples.show({ findings: found.findings });
    this.rules.refresh();
    this.examples.refresh();
    for (const bar of this.bars) bar.offer();
    this.forms.show(found);
    this.#sentence();
    this.#shown = doc;
    this.#rest();
    return undefined;
  });

  // The words of the kind, once per kind and subject.
  async #learn(values) {
    const asked = new URLSearchParams({ kind: values.kind ?? "", subject: values["scope.subject"] ?? "", lang: lang() }).toString();
    if (asked === this.#words || !values.kind) return;
    const found = await ask("GET", `/api/v1/workbench/words?${asked}`);
    this.#words = asked;
    const fixed = ["id", "basis", "branch", "when"].map((name) => [name, { name, label: t(`wb.column.${name}`), side: name === "basis" ? "output" : "input", type: "text", values: [] }]);
    this.knowledge.columns = new Map([...fixed, ...found.columns.map((one) => [one.name, one])]);
    this.policies = found.policies;
    this.effect.relabel();
  }

  // --- what is shown

  #paint() {
    const [back, forth] = this.editor.depths;
    this.part("undo").disabled = this.editor.locked || !back;
    this.part("redo").disabled = this.editor.locked || !forth;
    if (this.keeper) this.#rest();
    this.page.toggleAttribute("data-locked", this.editor.locked);
    this.rules?.paint();
    this.examples?.paint();
  }

  #say(text, tone) {
    const place = this.part("state");
    place.textContent = text;
    place.className = `wb-state ${tone}`;
  }

  #hit(id) {
    const found = this.#hits.get(id);
    if (!found || found.draft === null) return null;
    const moved = found.live === null ? "" : found.draft === found.live ? "" : ` (${found.draft > found.live ? "+" : "\u2212"}${count(Math.abs(found.draft - found.live))})`;
    return { text: found.draft ? count(found.draft) + moved : t("wb.never"), tone: found.draft ? "num" : "soft", title: found.witness ?? "" };
  }

  #select(id, line) {
    this.#selected = { id, line };
    // Said when the person stays on a row, not of each that is passed by.
    clearTimeout(this.#saying);
    this.#saying = setTimeout(() => this.#sentence(), RESTING);
  }

  #sentence() {
    if (!this.#selected) return;
    const { id, line } = this.#selected;
    const place = this.part("sentence");
    const here = this.findings.filter((one) => one.line === line);
    place.replaceChildren(
      el("p", { class: "sentence" }, this.#sentences[id] ?? t("wb.no_sentence")),
      ...here.map((one) => el("p", { class: `found ${one.severity}` }, `${one.severity === "error" ? "✗" : "!"} ${one.message} [${one.code}]`)));
  }

  #findingsList() {
    const errors = this.findings.filter((one) => one.severity === "error").length;
    this.part("found-count").textContent = t("wb.found", { errors, warnings: this.findings.length - errors });
    this.part("found-count").className = errors ? "bad" : "";
    this.part("found").replaceChildren(
      ...(this.findings.length ? [] : [el("li", { class: "soft" }, t("wb.nothing_found"))]),
      ...this.findings.map((one, at) => el("li", { class: one.severity },
        el("button", { type: "button", class: "plain link", "data-finding": at }, `${one.line}:${one.column}`),
        ` ${one.severity === "error" ? "✗" : "!"} ${one.message} [${one.code}]`)));
  }

  // --- acts

  #act(event) {
    const target = event.target.closest("[data-part], [data-finding], [data-view]");
    if (!target) return;
    if (target.dataset.finding) this.#jump(Number(target.dataset.finding));
    if (target.dataset.view) this.#arrange(target);
    const acts = {
      undo: () => this.editor.undo(),
      redo: () => this.editor.redo(),
      save: () => void this.keeper.saveAll(),
      release: () => void this.keeper.giveBack(),
      tidy: () => void this.#tidy(),
      "next-finding": () => this.#next(1),
      "keep-example": () => void this.#saveExample(this.page.querySelector("[name=example]").value.trim()),
    };
    acts[target.dataset.part]?.();
  }

  #arrange(button) {
    this.page.dataset.shows = button.dataset.view;
    for (const one of this.page.querySelectorAll("[data-view]")) one.setAttribute("aria-pressed", String(one === button));
    this.rules.paint();
  }

  #key(event) {
    const command = event.ctrlKey || event.metaKey;
    if (command && event.key.toLowerCase() === "s") {
      event.preventDefault();
      void this.keeper.saveAll();
    }
    if (event.key === "F8") {
      event.preventDefault();
      this.#next(event.shiftKey ? -1 : 1);
    }
  }

  #at = -1;

  #next(by) {
    if (!this.findings.length) return;
    this.#at = (this.#at + by + this.findings.length) % this.findings.length;
    this.#jump(this.#at);
  }

  // Go where a finding is: to its cell, or to its place in the text.
  #jump(at) {
    const one = this.findings[at];
    this.#at = at;
    for (const grid of [this.rules, this.examples]) {
      const row = grid.table?.rows.indexOf(one.line) ?? -1;
      if (row < 0 || this.page.dataset.shows === "text") continue;
      const from = grid.line(row).from;
      const col = grid.columns.findIndex((_one, index) => {
        const cell = grid.cell(row, index);
        return cell && one.begin >= from + cell.from - 1 && one.begin <= from + cell.to;
      });
      grid.go(row, Math.max(0, col));
      grid.view.scrollIntoView({ block: "nearest" });
      return;
    }
    if (this.page.dataset.shows === "grid") this.#arrange(this.page.querySelector("[data-view=both]"));
    this.editor.reveal(one.begin);
  }

  async #tidy() {
    const found = await this.#told(() => ask("POST", "/api/v1/workbench/tidy", { text: this.editor.text }));
    if (found) this.editor.replace(found.text);
  }

  async #saveExample(document) {
    if (!document || this.editor.locked) return;
    await this.queue.whenIdle();
    const doc = this.editor.doc;
    const found = await this.#told(() => ask("POST", "/api/v1/rulesets/example", {
      text: this.editor.text, document, lang: lang(), offsets: "utf16",
    }));
    if (!found) return;
    if (this.editor.doc !== doc) return this.#saveExample(document);
    this.editor.change(found.spans.map(([from, to, insert]) => ({ from, to, insert })), "grid");
    this.#say(chinese() ? found.note_zh : found.note_en, "good");
    this.examples.go(this.examples.count - 1, 0, { focus: false });
    return undefined;
  }

  #acts = 0;

  async #told(work) {
    this.#acts += 1;
    this.#rest();
    try {
      return await work();
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      this.#say(problem.message, "bad");
      return null;
    } finally {
      this.#acts -= 1;
      this.#rest();
    }
  }
}

function tried(one) {
  if (one.holds) return { text: `✓ ${t("wb.holds")}`, tone: "good", title: "" };
  const wrong = Object.keys(one.want).filter((name) => one.want[name] !== one.got[name]);
  const why = one.refused ?? t("wb.got", { got: wrong.map((name) => `${name} ${one.got[name]}`).join(", ") });
  return { text: `✗ ${why}`, tone: "bad", title: why };
}

const page = document.querySelector(".workbench");
if (page) globalThis.workbench = new Workbench(page);
