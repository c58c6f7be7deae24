// Keeps the draft: saves a moment after the last edit, names the text that was seen, and has what
// is not saved yet in this browser. Whoever lost a race gets both texts.
import { ask, el, Problem, t, time } from "./dom.js";

const IDLE = 1200;
const BACKUP = 200;
const RENEW = 20_000;
const WATCH = 2_000;
const AGAIN = 5_000;

export class DraftKeeper {
  #timer = 0;
  #backing = 0;
  #saving = null;
  #conflict = null;

  // `seen` is the hash of the stored text; `told` gets the state in words and as a tone.
  // `writing` says whether an edit is under way that is not in the text yet, `settle` ends it.
  constructor({ id, seen, state, editor, may, told, notice, stored, writing, settle }) {
    Object.assign(this, { id, seen, state, editor, may, told, notice, stored, writing, settle });
    // Which page holds the claim: closing another one of the same person does not end it.
    this.token = [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, "0")).join("");
    this.address = `/api/v1/drafts/${id}`;
    this.key = `sluicegate.draft.${id}`;
    this.saved = editor.text;
    this.mine = false;
    editor.onChange(() => this.#touched());
    addEventListener("pagehide", () => this.#leave());
    addEventListener("beforeunload", (event) => {
      if ((this.dirty || this.writing()) && this.mine) event.preventDefault();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") void this.save();
    });
  }

  get dirty() {
    return this.editor.text !== this.saved;
  }

  async open() {
    if (!this.may) {
      this.notice(this.#said(false));
      return this.#watching();
    }
    await this.claim(false);
    setInterval(() => void this.#renew(), RENEW);
    return this.#watching();
  }

  // --- who writes

  async claim(takeOver) {
    try {
      if (takeOver) await this.#look();
      this.#holds(await ask("POST", `${this.address}/claim`, { take_over: takeOver, token: this.token }));
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      this.told(problem.message, "bad");
    }
  }

  async giveBack() {
    await this.saveAll();
    if (this.dirty || this.writing()) return;
    try {
      await ask("DELETE", `${this.address}/claim?token=${this.token}`);
      this.#holds(null);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      this.told(problem.message, "bad");
    }
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
    if (!had && this.mine) this.#restore();
    this.notice(this.#said(had));
  }

  // The text in this browser that is not the stored one, if there is any.
  #unsaved() {
    if (this.dirty) return this.editor.text;
    const kept = this.#backedUp();
    return kept && kept.text !== this.saved ? kept.text : null;
  }

  #backedUp() {
    return JSON.parse(localStorage.getItem(this.key) ?? "null");
  }

  #aside() {
    const text = this.#unsaved();
    if (text === null) return null;
    const keep = async () => {
      if (!(await this.#keepAside(text))) return;
      this.#forget(text);
      if (this.dirty) this.editor.replace(this.saved, { remember: false });
      this.notice(this.#said(false));
    };
    return el("button", { type: "button", class: "plain", onclick: () => void keep() }, t("wb.keep_aside"));
  }

  #said(had) {
    if (this.mine) return null;
    const take = el("button", { type: "button", onclick: () => void this.claim(true) }, t(this.other ? "wb.take_over" : "wb.write"));
    if (!this.may) return el("p", { class: "row" }, this.other ? t("wb.watching", { user: this.other }) : t("wb.read_only"), this.#aside());
    const why = this.other ? t(had ? "wb.taken_over" : "wb.watching", { user: this.other }) : t("wb.given_back");
    return el("p", { class: "row" }, el("span", {}, why), take, this.#aside());
  }

  // --- saving

  #touched() {
    if (!this.mine) return;
    clearTimeout(this.#timer);
    if (!this.dirty) return this.#forget(null);
    this.#backing ||= setTimeout(() => this.#backup(), BACKUP);
    this.told(t("wb.unsaved"), "wait");
    this.#timer = setTimeout(() => void this.save(), IDLE);
    return undefined;
  }

  // Drop what this browser kept: only `text`, or whatever there is (null).
  #forget(text) {
    if (text === null || this.#backedUp()?.text === text) localStorage.removeItem(this.key);
  }

  // Not at every key: a large text takes a moment to write. Leaving the page does not wait for it.
  #backup() {
    clearTimeout(this.#backing);
    this.#backing = 0;
    if (!this.dirty) return;
    localStorage.setItem(this.key, JSON.stringify({ text: this.editor.text, seen: this.seen }));
  }

  #restore() {
    const kept = this.#backedUp();
    if (!kept || this.#conflict) return undefined;
    if (kept.text === this.saved) return this.#forget(null);
    if (kept.seen === this.seen) {
      this.editor.replace(kept.text);
      return this.told(t("wb.restored"), "wait");
    }
    const theirs = { text: this.saved, hash: this.seen, last_editor: "" };
    this.editor.replace(kept.text);
    return this.#clash(theirs, kept.text);
  }

  // Save also what is still being written in a cell.
  async saveAll() {
    await this.settle();
    await this.save();
  }

  async save() {
    clearTimeout(this.#timer);
    if (this.#saving) await this.#saving;
    if (!this.mine || !this.dirty || this.#conflict) return;
    this.#saving = this.#put().finally(() => (this.#saving = null));
    await this.#saving;
  }

  async #put() {
    const text = this.editor.text;
    this.told(t("wb.saving"), "wait");
    try {
      const kept = await ask("PUT", this.address, { text, seen: this.seen }, { keepalive: text.length < 20_000 });
      this.#kept(text, kept.hash);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (problem.body.code === "DRAFT_CONFLICT") this.#clash(problem.body.theirs, text);
      else if (problem.body.code === "DRAFT_CLAIMED") await this.claim(false);
      else if (problem.body.code === "DRAFT_CLOSED") this.#closed();
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
    this.#forget(text);
    return this.told(t("wb.saved", { at: time() }), "good");
  }

  #leave() {
    if (!this.mine) return;
    if (this.dirty) this.#backup();
    void ask("DELETE", `${this.address}/claim?token=${this.token}`, undefined, { keepalive: true }).catch(() => undefined);
  }

  // Submitted or given up by somebody: what is not saved can still be kept as another draft.
  #closed() {
    if (this.#unsaved() === null) return location.reload();
    if (this.dirty) this.#backup();
    this.may = false;
    this.mine = false;
    this.editor.locked = true;
    this.told(t("wb.closed"), "bad");
    return this.notice(this.#said(false));
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
    if (found.state !== this.state) {
      this.state = found.state;
      return this.#closed();
    }
    if (found.state !== "open") return undefined;
    if (found.text !== null && this.dirty) this.#clash(found, this.editor.text);
    else if (found.text !== null) {
      this.saved = found.text;
      this.seen = found.hash;
      this.editor.replace(found.text, { remember: false });
      this.told(t("wb.seen", { user: found.last_editor, at: time(new Date(found.updated_at)) }), "");
    }
    const free = found.claim === null && this.other !== null;
    if (!this.mine && (free || (found.claim && found.claim.user !== this.other))) this.#holds(found.claim);
    return undefined;
  }

  // --- a lost race: both texts, side by side

  #clash(theirs, mine) {
    if (this.#conflict?.hash === theirs.hash) return;
    this.#conflict = theirs;
    this.told(t("wb.conflict"), "bad");
    this.stored.show(theirs, mine, {
      mine: () => this.#settle(theirs, theirs.text, () => this.editor.text),
      theirs: () => this.#settle(theirs, mine, () => theirs.text),
    });
  }

  // The text that loses becomes a draft of its own; the other one is saved here.
  async #settle(theirs, aside, chosen) {
    if (!this.mine) await this.claim(true);
    if (!this.mine || !(await this.#keepAside(aside))) return;
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
