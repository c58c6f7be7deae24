// What every part of the workbench shares: elements, words of the page's language, requests.

const PATIENCE = 8000;
const UNSEEN = 100;

export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "class") made.className = value;
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.filter((one) => one !== null && one !== undefined));
  return made;
}

let catalog = {};

export function learnWords(words) {
  catalog = words;
}

// A sentence of the page's language; `{name}` places are filled from `values`.
export function t(key, values = {}) {
  const found = catalog[key];
  if (found === undefined) throw new Error(`no word ${key}`);
  return found.replace(/\{(\w+)\}/g, (_all, name) => String(values[name] ?? ""));
}

export const chinese = () => document.documentElement.lang.startsWith("zh");
export const lang = () => (chinese() ? "zh" : "en");
export const count = (number) => number.toLocaleString("en-US");

// A decimal string with thousands separators and a true minus; never a number on the way.
export function money(text, { signed = false } = {}) {
  const minus = text.startsWith("-");
  const [whole, cents] = text.replace("-", "").split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  const zero = !/[1-9]/.test(text);
  const sign = minus ? "\u2212" : signed && !zero ? "+" : "";
  return sign + grouped + (cents === undefined ? "" : `.${cents}`);
}

export const time = (at = new Date()) =>
  at.toLocaleTimeString("en-GB", { timeZone: "Asia/Shanghai", hour12: false });

export class Problem extends Error {
  constructor(status, body) {
    super(`${(chinese() ? body.message_zh : body.message_en) ?? t("wb.unreachable")} [${body.code ?? status}]`);
    this.status = status;
    this.body = body;
  }
}

let token = "";

export function learnToken(csrf) {
  token = csrf;
}

// JSON to the server and back. Throws Problem for a refusal, with status 0 for no answer at all.
export async function ask(method, address, body, { signal, keepalive } = {}) {
  let answer;
  try {
    answer = await fetch(address, {
      method,
      signal,
      keepalive,
      headers: { "Content-Type": "application/json", "X-CSRF-Token": token },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, {});
  }
  const text = await answer.text();
  let told = {};
  try {
    told = text ? JSON.parse(text) : {};
  } catch {
    told = {};
  }
  if (!answer.ok) throw new Problem(answer.status, told);
  return told;
}

// When what was changed has been drawn: work that need not be in the picture waits for this. A page
// nobody sees is not drawn, so it is never waited for long.
export const drawn = () => new Promise((go) => {
  requestAnimationFrame(() => setTimeout(go));
  setTimeout(go, UNSEEN);
});

// Runs `work` for the newest call only, and one at a time: a server goes on with what nobody waits
// for any more, so it is given one text after the other however fast somebody types. `work` gets a
// signal, which ends what a newer call has waited for too long, and whether it is still the newest.
export function latest(work) {
  let turn = 0;
  let running = Promise.resolve();
  let hurry = () => undefined;
  return async (...given) => {
    const mine = (turn += 1);
    const newest = () => mine === turn;
    const stop = new AbortController();
    hurry();
    hurry = () => setTimeout(() => stop.abort(), PATIENCE);
    const before = running;
    let ended;
    running = new Promise((end) => (ended = end));
    try {
      await before;
      return newest() ? await work(stop.signal, newest, ...given) : undefined;
    } catch (error) {
      if (error.name === "AbortError") return undefined;
      throw error;
    } finally {
      ended();
    }
  };
}
