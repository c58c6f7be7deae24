// Edits of the grid and the forms, one at a time: the server says which characters change, and one
// transaction of the editor changes them. What is typed meanwhile is never overwritten: an answer
// for an older text is thrown away and asked for again.
import { ask, drawn, Problem, t } from "./dom.js";
import { MapMode } from "./codemirror.min.js";

const MOST_TOGETHER = 200;
const AGAIN = 2000;

export class EditQueue {
  #jobs = [];
  #busy = false;

  // `changed` is told when a pending edit begins or ends, `refused` why one cannot be made.
  constructor(editor, { changed, refused }) {
    this.editor = editor;
    this.changed = changed;
    this.refused = refused;
    editor.onTransaction((changes) => this.#follow(changes));
  }

  // `anchors` are places in the document (line beginnings) that move with it; `edits` gets their
  // lines and gives the edits. `simple`: they move no line, so others may be asked with them.
  push({ anchors = [], edits, simple = false, shown = null, done = null }) {
    return new Promise((resolve) => {
      this.#jobs.push({ anchors, edits, simple, shown, done, resolve });
      this.changed();
      void this.#run();
    });
  }

  get pending() {
    return this.#jobs.length;
  }

  // What a cell will say once its pending edit is made, or undefined.
  shownAt(lineFrom, column) {
    let found;
    for (const job of this.#jobs) {
      if (job.shown && job.anchors[0] === lineFrom && job.shown.column === column) found = job.shown.text;
    }
    return found;
  }

  async whenIdle() {
    while (this.#busy) await this.#running;
  }

  #running = Promise.resolve();

  #follow(changes) {
    for (const job of this.#jobs) {
      job.anchors = job.anchors.map((at) =>
        at === null ? null : changes.mapPos(at, 1, MapMode.TrackAfter),
      );
    }
  }

  async #run() {
    if (this.#busy) return;
    this.#busy = true;
    this.#running = this.#work().finally(() => {
      this.#busy = false;
      this.changed();
    });
    await this.#running;
  }

  async #work() {
    // The key press that ended the edit is seen first: a large text takes a moment to send.
    await drawn();
    while (this.#jobs.length) {
      const together = this.#jobs[0].simple
        ? this.#jobs.slice(0, MOST_TOGETHER).filter((_one, at, all) => all.slice(0, at + 1).every((job) => job.simple))
        : [this.#jobs[0]];
      const ok = await this.#make(together, together.length > 1);
      if (ok) continue;
      // One of several cannot be made: each by itself, so that the others are.
      await this.#make([this.#jobs[0]], false);
    }
  }

  async #make(jobs, tentative) {
    for (;;) {
      const doc = this.editor.doc;
      const gone = jobs.find((job) => job.anchors.includes(null));
      if (gone) {
        this.#end([gone], t("wb.edit_gone"));
        return true;
      }
      if (this.editor.locked) {
        this.#end(jobs, t("wb.edit_locked"));
        return true;
      }
      let told;
      try {
        const edits = jobs.flatMap((job) => job.edits(job.anchors.map((at) => doc.lineAt(at).number)));
        const sent = { text: this.editor.text, edits, offsets: "utf16", check: false };
        told = await ask("POST", "/api/v1/rulesets/edit", sent);
      } catch (problem) {
        if (problem instanceof Problem && (problem.status === 0 || problem.status >= 500)) {
          // Nobody has said no: what was typed waits until the server answers again.
          this.refused(problem.message);
          await new Promise((go) => setTimeout(go, AGAIN));
          continue;
        }
        if (tentative) return false;
        this.#end(jobs, problem.message);
        return true;
      }
      if (this.editor.doc !== doc) continue;
      const places = jobs.map((job) => job.done);
      this.#jobs = this.#jobs.filter((one) => !jobs.includes(one));
      this.editor.change(told.spans.map(([from, to, insert]) => ({ from, to, insert })), "grid");
      for (const done of places) done?.();
      for (const job of jobs) job.resolve(true);
      return true;
    }
  }

  #end(jobs, why) {
    this.#jobs = this.#jobs.filter((one) => !jobs.includes(one));
    for (const job of jobs) job.resolve(false);
    this.refused(why);
  }
}
