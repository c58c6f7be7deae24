// <rule-editor>: the text of a ruleset. It holds the document; grid and forms change it through
// transactions here, so there is one text and one undo history.
import {
  autocompletion, bracketMatching, Compartment, completionKeymap, defaultKeymap, drawSelection,
  EditorState, EditorView, highlightActiveLine, highlightActiveLineGutter, highlightSelectionMatches,
  highlightSpecialChars, history, historyKeymap, hoverTooltip, keymap, lineNumbers, lintGutter,
  redo, redoDepth, search, searchKeymap, setDiagnostics, Transaction, undo, undoDepth,
} from "./codemirror.min.js";
import { t } from "./dom.js";
import { rulesetLanguage } from "./ruleset-language.js";
import { completions, explained } from "./writing-help.js";

const theme = EditorView.theme({
  "&": { height: "100%", fontSize: "12px", color: "var(--ink)", backgroundColor: "var(--paper)" },
  "&.cm-focused": { outline: "2px solid var(--brand)", outlineOffset: "-2px" },
  ".cm-scroller": { fontFamily: "ui-monospace, 'SF Mono', Consolas, 'Noto Sans Mono CJK SC', monospace", lineHeight: "1.6" },
  ".cm-content": { caretColor: "var(--ink)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-gutters": { backgroundColor: "var(--paper-soft)", color: "var(--ink-soft)", border: "0", borderRight: "1px solid var(--line)" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--input-tint)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground, .cm-content ::selection": { backgroundColor: "light-dark(#bcd9ee, #29506b) !important" },
  ".cm-tooltip, .cm-panels": { backgroundColor: "var(--paper)", color: "var(--ink)", border: "1px solid var(--line)" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--brand)", color: "var(--brand-ink)" },
  ".cm-completionDetail": { color: "inherit", fontStyle: "normal", marginInlineStart: "12px" },
  ".cm-tooltip-hover p": { margin: "4px 8px", maxWidth: "36rem" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--bad)" },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--wait)" },
  ".cm-panels input, .cm-panels button": { font: "inherit" },
  ".y-key": { color: "light-dark(#0b4f6c, #7cc4e4)", fontWeight: "600" },
  ".y-com": { color: "var(--ink-soft)", fontStyle: "italic" },
  ".y-str": { color: "light-dark(#1c6b3c, #7fd0a0)" },
  ".y-num": { color: "light-dark(#7a3e00, #e5bd6c)" },
  ".y-bar": { color: "light-dark(#6a7885, #8fa0ad)" },
  ".y-op": { color: "light-dark(#6b2f8a, #cfa2ea)" },
  ".y-par": { color: "light-dark(#8a1f5c, #f0a0cd)", fontWeight: "600" },
});

export class RuleEditor extends HTMLElement {
  #written = null;
  #changed = [];
  #transactions = [];
  #locked = new Compartment();

  // `label` names the editor to screen readers; `knowledge` says what may stand in the text.
  open(text, { label, knowledge, locked }) {
    const root = this.attachShadow({ mode: "open" });
    this.view = new EditorView({
      root,
      parent: root,
      state: EditorState.create({
        doc: text,
        extensions: [
          lineNumbers(), highlightActiveLineGutter(), highlightSpecialChars(), history(),
          drawSelection(), bracketMatching(), highlightActiveLine(), highlightSelectionMatches(),
          search({ top: true }), rulesetLanguage, lintGutter(), theme,
          autocompletion({ override: [(context) => completions(context, knowledge())] }),
          hoverTooltip((view, at) => explained(view.state.doc, at, knowledge())),
          keymap.of([...completionKeymap, ...searchKeymap, ...historyKeymap, ...defaultKeymap]),
          EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
          EditorState.phrases.of({ Find: t("wb.find"), next: t("wb.next"), previous: t("wb.previous"), close: t("wb.close") }),
          this.#locked.of(this.#lock(locked)),
          EditorView.updateListener.of((update) => {
            for (const one of update.transactions) {
              if (one.docChanged) for (const tell of this.#transactions) tell(one.changes);
            }
            if (update.docChanged) {
              const by = update.transactions.some((one) => one.isUserEvent("grid")) ? "grid" : "text";
              for (const tell of this.#changed) tell(by);
            }
          }),
        ],
      }),
    });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(":host { display: block; } .cm-editor { block-size: 100%; }");
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  }

  #lock(locked) {
    return [EditorState.readOnly.of(locked), EditorView.editable.of(!locked)];
  }

  get doc() {
    return this.view.state.doc;
  }

  // The text, written out once for each state of the document: several ask after every change.
  get text() {
    if (this.#written?.doc !== this.doc) this.#written = { doc: this.doc, text: this.doc.toString() };
    return this.#written.text;
  }

  get locked() {
    return this.view.state.readOnly;
  }

  set locked(locked) {
    if (locked !== this.locked) this.view.dispatch({ effects: this.#locked.reconfigure(this.#lock(locked)) });
  }

  onChange(tell) {
    this.#changed.push(tell);
  }

  onTransaction(tell) {
    this.#transactions.push(tell);
  }

  // Changes as one step of the history; `kind` "grid" is an edit made outside the text.
  change(changes, kind = "input") {
    if (changes.length) this.view.dispatch({ changes, userEvent: kind });
  }

  // Another text in place of this one, as the smallest change; `remember: false` leaves it out of
  // the undo history (somebody else's text that is only looked at).
  replace(text, { remember = true } = {}) {
    const old = this.text;
    let [from, to, end] = [0, old.length, text.length];
    while (from < to && from < end && old[from] === text[from]) from += 1;
    while (to > from && end > from && old[to - 1] === text[end - 1]) [to, end] = [to - 1, end - 1];
    if (from === to && from === end) return;
    this.view.dispatch({
      changes: { from, to, insert: text.slice(from, end) },
      annotations: remember ? [] : Transaction.addToHistory.of(false),
    });
  }

  undo() {
    return !this.locked && undo(this.view);
  }

  redo() {
    return !this.locked && redo(this.view);
  }

  get depths() {
    return [undoDepth(this.view.state), redoDepth(this.view.state)];
  }

  // Findings of the server, in its places; those outside the text have become stale.
  mark(findings) {
    const length = this.doc.length;
    const shown = findings
      .filter((one) => one.begin <= length)
      .map((one) => ({
        from: one.begin,
        to: Math.min(Math.max(one.end, one.begin), length),
        severity: one.severity === "error" ? "error" : "warning",
        message: `${one.message} [${one.code}]`,
      }));
    this.view.dispatch(setDiagnostics(this.view.state, shown));
  }

  reveal(at) {
    const place = Math.min(at, this.doc.length);
    this.view.dispatch({
      selection: { anchor: place },
      effects: EditorView.scrollIntoView(place, { y: "center" }),
    });
    this.view.focus();
  }
}

customElements.define("rule-editor", RuleEditor);
