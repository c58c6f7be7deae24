// Keeps the draft: saves a moment after the last edit, names the text that was seen, and has what
// is not saved yet in this browser. Whoever lost a race gets both texts.
import { ask, el, Problem, t, time } from "./dom.js";

const IDLE = 1200;
const RENEW = 20_000;
const WATCH = 2_000;
const AGAIN = 5_000;

export class DraftKeeper {
  #timer = 0;
  #saving = null;
  #conflict = null;

  // `seen` is the hash of the stored text; `told` gets the state in words and as a tone.
  constructor({ id, seen, editor, may, told, notice, stored }) {
    Object.assign(this, { id, seen, editor, may, told, notice, stored });
    this.address = `/api/v1/drafts/${id}`;
    this.key = `sluicegate.draft.${id}`;
    this.saved = editor.doc.toString();
    this.mine = false;
    editor.onChange(() => this.#touched());
    addEventListener("pagehide", () => this.#leave());
    addEventListener("beforeunload", (event) => {
      if (this.dirty && this.mine) event.preventDefault();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") void this.save();
    });
  }

  get dirty() {
    return this.editor.doc.toString() !== this.saved;
  }

  async open() {
    if (!this.may) return this.#watching();
    await this.claim(false);
    if (this.mine) this.#restore();
    setInterval(() => void this.#renew(), RENEW);
    return this.#watching();
  }

  // --- who writes

  async claim(takeOver) {
    try {
      const stands = await ask("POST", `${this.address}/claim`, { take_over: takeOver });
      if (takeOver) await this.#look();
      this.#holds(stands);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      this.told(problem.message, "bad");
    }
  }

  async giveBack() {
    await this.save();
    if (this.dirty) return;
    await ask("DELETE", `${this.address}/claim`);
    this.released = true;
    this.#holds(null);
  }

  async #renew() {
    if (!this.mine || document.visibilityState === "hidden" && !this.dirty) return;
    await this.claim(false);
  }

  #holds(stands) {
    const had = this.mine;
    this.mine = Boolean(stands?.mine);
    this.other = stands && !stands.mine ? stands.user : null;
    this.editor.locked = !this.mine;
    if (had && !this.mine && this.dirty) this.#backup();
    this.notice(this.#said(had));
  }

  #said(had) {
    if (this.mine) return null;
    const take = el("button", { type: "button", onclick: () => void this.claim(true) }, t(this.other ? "wb.take_over" : "wb.write"));
    if (!this.may) return el("p", {}, this.other ? t("wb.watching", { user: this.other }) : t("wb.read_only"));
    const why = this.other ? t(had ? "wb.taken_over" : "wb.watching", { user: this.other }) : t("wb.given_back");
    const kept = this.dirty ? el("button", { type: "button", class: "plain", onclick: () => void this.#keepAside(this.editor.doc.toString()) }, t("wb.keep_aside")) : null;
    return el("p", { class: "row" }, el("span", {}, why), take, kept);
  }

  // --- saving

  #touched() {
    if (!this.mine) return;
    clearTimeout(this.#timer);
    if (!this.dirty) {
      localStorage.removeItem(this.key);
      return;
    }
    this.#backup();
    this.told(t("wb.unsaved"), "wait");
    this.#timer = setTimeout(() => void this.save(), IDLE);
  }

  #backup() {
    localStorage.setItem(this.key, JSON.stringify({ text: this.editor.doc.toString(), seen: this.seen }));
  }

  #restore() {
    const kept = JSON.parse(localStorage.getItem(this.key) ?? "null");
    if (!kept || kept.text === this.saved) return localStorage.removeItem(this.key);
    if (kept.seen === this.seen) {
      this.editor.replace(kept.text);
      return this.told(t("wb.restored"), "wait");
    }
    return this.#clash({ text: this.saved, hash: this.seen, last_editor: "" }, kept.text);
  }

  async save() {
    clearTimeout(this.#timer);
    if (this.#saving) await this.#saving;
    if (!this.mine || !this.dirty || this.#conflict) return;
    this.#saving = this.#put().finally(() => (this.#saving = null));
    await this.#saving;
  }

  async #put() {
    const text = this.editor.doc.toString();
    this.told(t("wb.saving"), "wait");
    try {
      const kept = await ask("PUT", this.address, { text, seen: this.seen }, { keepalive: text.length < 20_000 });
      this.#kept(text, kept.hash);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (problem.body.code === "DRAFT_CONFLICT") this.#clash(problem.body.theirs, text);
      else if (problem.body.code === "DRAFT_CLAIMED") await this.claim(false);
      else {
        this.told(`${t("wb.not_saved")} ${problem.message}`, "bad");
        if (problem.status === 0) this.#timer = setTimeout(() => void this.save(), AGAIN);
      }
    }
  }

  #kept(text, hash) {
    this.saved = text;
    this.seen = hash;
    if (this.dirty) return this.#touched();
    localStorage.removeItem(this.key);
    return this.told(t("wb.saved", { at: time() }), "good");
  }

  #leave() {
    if (!this.mine) return;
    if (this.dirty) this.#backup();
    void ask("DELETE", `${this.address}/claim`, undefined, { keepalive: true }).catch(() => undefined);
  }

  // --- what others do

  async #watching() {
    setInterval(() => {
      if (document.visibilityState === "visible" && !this.mine) void this.#look();
    }, WATCH);
  }

  async #look() {
    let found;
    try {
      found = await ask("GET", `${this.address}/watch?seen=${this.seen}`);
    } catch {
      return this.told(t("wb.unreachable"), "bad");
    }
    if (found.state !== "open") return location.reload();
    if (found.text !== null && this.dirty) this.#clash({ ...found }, this.editor.doc.toString());
    else if (found.text !== null) {
      this.editor.replace(found.text, { remember: false });
      this.#kept(found.text, found.hash);
      this.told(t("wb.seen", { user: found.last_editor, at: time(new Date(found.updated_at)) }), "");
    }
    const free = found.claim === null && this.other !== null;
    if (!this.mine && (free || (found.claim && found.claim.user !== this.other))) this.#holds(found.claim);
    return undefined;
  }

  // --- a lost race: both texts, side by side

  #clash(theirs, mine) {
    this.#conflict = theirs;
    this.told(t("wb.conflict"), "bad");
    this.stored.show(theirs, mine, {
      mine: () => this.#settle(theirs, theirs.text, () => this.editor.doc.toString()),
      theirs: () => this.#settle(theirs, mine, () => theirs.text),
    });
  }

  // The text that loses becomes a draft of its own; the other one is saved here.
  async #settle(theirs, aside, chosen) {
    if (!(await this.#keepAside(aside))) return;
    this.#conflict = null;
    this.stored.hide();
    this.saved = theirs.text;
    this.seen = theirs.hash;
    this.editor.replace(chosen());
    if (this.dirty) await this.save();
    else this.#kept(theirs.text, theirs.hash);
  }

  async #keepAside(text) {
    try {
      const made = await ask("POST", "/api/v1/drafts", { text, note: t("wb.aside_note", { id: this.id }) });
      this.told(t("wb.aside", { id: made.id }), "good");
      return true;
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      this.told(problem.message, "bad");
      return false;
    }
  }
}
