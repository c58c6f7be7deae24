// The envelope as a form: titles, validity, hit policy, parameters, and what branches changed of
// them. Every field is an edit of the text.
import { el, t } from "./dom.js";

const named = (key, field) => el("label", { class: "inline" }, t(key), field);

const WAYS = ["", "down", "up", "any"];

export class FormPanel {
  #drawn = "";

  // `organisations` are [code, name] that may have overrides; `policies` those of the kind.
  constructor(place, { queue, editor, organisations, policies }) {
    Object.assign(this, { place, queue, editor, organisations, policies });
    place.addEventListener("change", (event) => event.target.matches("[data-path]") && this.#write(event.target));
  }

  // Draw what `look` found; a field somebody writes in stays as it is.
  show(look) {
    this.look = look;
    this.#made.clear();
    if (look.values === null) return;
    const shape = JSON.stringify([look.params, Object.keys(look.values), this.policies(), this.editor.locked]);
    const writing = document.activeElement?.matches("input") && this.place.contains(document.activeElement);
    if (shape !== this.#drawn && !writing) {
      this.#draw(look);
      this.#drawn = shape;
    }
    for (const field of this.place.querySelectorAll("[data-path]")) {
      if (field !== document.activeElement) field.value = this.#value(field.dataset.path);
    }
    const wanted = this.#wanted;
    this.#wanted = null;
    if (wanted) this.place.querySelector(`[data-path="${CSS.escape(wanted)}"]`)?.focus();
  }

  // The field that was just added and is to be written in next.
  #wanted = null;

  #add(path, value) {
    this.#wanted = path;
    void this.queue.push({ edits: () => [{ do: "add_value", path, value }] });
  }

  #value(path) {
    const [area, name, param] = path.split(".");
    const find = (one) => this.look.params.find((found) => found.name === one);
    if (area === "params") return find(name)?.value ?? "";
    if (area === "adjustable") return find(name)?.adjustable ?? "";
    if (area === "overrides") return find(param)?.overrides[name] ?? "";
    return this.look.values[path] ?? "";
  }

  #write(field) {
    const { path } = field.dataset;
    const value = field.value.trim();
    // What stands there is known when the edit is made: the one before may just have added it.
    const edits = () => {
      const old = this.#made.get(path) ?? this.#value(path);
      if (value === old) return [];
      this.#made.set(path, value);
      if (value === "") return [{ do: "remove_value", path }];
      return [{ do: old === "" ? "add_value" : "set_value", path, value }];
    };
    void this.queue.push({ edits });
  }

  // Values written since the text was looked at.
  #made = new Map();


  #field(path, label, { wide = false } = {}) {
    return el("label", {}, label, el("input", { "data-path": path, value: this.#value(path), size: wide ? 32 : 12, readonly: this.editor.locked }));
  }

  #choice(path, label, values, word) {
    const chosen = this.#value(path);
    return el("label", {}, label, el("select", { "data-path": path, disabled: this.editor.locked },
      ...values.map((one) => el("option", { value: one, selected: one === chosen }, word(one)))));
  }

  #draw(look) {
    const orgs = [...new Set(look.params.flatMap((one) => Object.keys(one.overrides)))];
    const free = this.organisations.filter(([code]) => !orgs.includes(code) && code !== look.values["scope.org"]);
    this.place.replaceChildren(
      el("div", { class: "wb-fields" },
        this.#field("title.zh", t("wb.title_zh"), { wide: true }),
        this.#field("title.en", t("wb.title_en"), { wide: true }),
        this.#field("version", t("wb.version")),
        this.#field("effective.from", t("wb.from")),
        this.#field("effective.to", t("wb.to")),
        "extends" in look.values ? null : this.#choice("hit_policy", t("wb.policy"), this.policies(), (one) => t(`wb.policy.${one}`))),
      el("h3", {}, t("wb.params")),
      look.params.length ? this.#params(look, orgs) : el("p", { class: "soft" }, t("wb.no_params")),
      this.editor.locked ? null : el("div", { class: "row" }, this.#newParam(), look.params.length && free.length ? this.#newBranch(look, free) : null),
    );
  }

  #params(look, orgs) {
    const head = [t("wb.param"), t("wb.group_value"), t("wb.adjustable"), ...orgs];
    const cell = (path, label) => el("td", {}, el("input", { "data-path": path, value: this.#value(path), size: 10, "aria-label": label, readonly: this.editor.locked }));
    const row = (one) => el("tr", {},
      el("th", { scope: "row" }, el("code", {}, `$${one.name}`)),
      cell(`params.${one.name}`, `${one.name} ${t("wb.group_value")}`),
      el("td", {}, el("select", { "data-path": `adjustable.${one.name}`, "aria-label": `${one.name} ${t("wb.adjustable")}`, disabled: this.editor.locked },
        ...WAYS.map((way) => el("option", { value: way, selected: way === (one.adjustable ?? "") }, t(`wb.way.${way || "fixed"}`))))),
      ...orgs.map((org) => cell(`overrides.${org}.${one.name}`, `${one.name} ${org}`)));
    return el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": t("wb.params") },
      el("table", {}, el("thead", {}, el("tr", {}, ...head.map((one) => el("th", { scope: "col" }, one)))), el("tbody", {}, ...look.params.map(row))));
  }

  #newParam() {
    const name = el("input", { size: 10 });
    const value = el("input", { size: 10 });
    const add = () => {
      if (!name.value.trim() || !value.value.trim()) return;
      this.#add(`params.${name.value.trim()}`, value.value.trim());
    };
    return el("div", { class: "row" }, named("wb.param", name), named("wb.value", value), el("button", { type: "button", class: "plain", onclick: add }, t("wb.add_param")));
  }

  #newBranch(look, free) {
    const org = el("select", {}, ...free.map(([code, name]) => el("option", { value: code }, `${code} ${name}`)));
    const param = el("select", {}, ...look.params.map((one) => el("option", {}, one.name)));
    const add = () => {
      const { value } = look.params.find((one) => one.name === param.value);
      this.#add(`overrides.${org.value}.${param.value}`, value);
    };
    return el("div", { class: "row" }, named("wb.branch", org), named("wb.param", param), el("button", { type: "button", class: "plain", onclick: add }, t("wb.add_override")));
  }
}
