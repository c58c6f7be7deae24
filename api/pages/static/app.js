// Small manners of the pages; everything works without them except the theme switch.
const root = document.documentElement;
const saved = localStorage.getItem("theme");
if (saved) root.dataset.theme = saved;

document.addEventListener("click", (event) => {
  const theme = event.target.closest("[data-switch-theme]");
  if (theme) {
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.theme);
  }
  const all = event.target.closest("[data-select-all]");
  if (all) {
    const boxes = all.closest("table").querySelectorAll("tbody input[type=checkbox]");
    for (const box of boxes) box.checked = all.checked;
    recount(all.closest("form"));
  }
});

document.addEventListener("change", (event) => {
  if (event.target.matches("tbody input[type=checkbox]")) recount(event.target.closest("form"));
});

// Without a tick nothing can be decided: the button says so before the server has to.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (button?.matches("[data-needs-ticks]") && !ticked(event.target).length) event.preventDefault();
});

function ticked(form) {
  return [...form.querySelectorAll("tbody input[type=checkbox]:checked")];
}

// A button that acts on ticked rows carries how many and how much: amounts are strings of minor
// units, added as BigInt per currency, so that no cent is lost.
function recount(form) {
  if (!form) return;
  const boxes = ticked(form);
  const sums = new Map();
  for (const box of boxes) {
    if (box.dataset.minor === undefined) continue;
    const currency = box.dataset.currency ?? "CNY";
    sums.set(currency, (sums.get(currency) ?? 0n) + BigInt(box.dataset.minor));
  }
  const said = [...sums].map(([currency, minor]) => `${currency} ${major(minor, currency)}`);
  for (const place of form.querySelectorAll("[data-ticked]")) {
    place.textContent = [boxes.length, ...said].join(" · ");
  }
  for (const place of form.querySelectorAll("[data-capitals]")) {
    const minor = sums.get("CNY");
    place.textContent = minor === undefined ? "" : capitals(minor);
  }
}

function major(minor, currency) {
  const places = currency === "JPY" || currency === "KRW" ? 0 : 2;
  const text = minor.toString().padStart(places + 1, "0");
  const whole = text.slice(0, text.length - places).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  return places ? `${whole}.${text.slice(-places)}` : whole;
}

// A CNY amount in Chinese capitals; tests compare it with the server's.
function capitals(minor) {
  const digits = "零壹贰叁肆伍陆柒捌玖";
  const units = ["", "拾", "佰", "仟"];
  const groups = ["", "万", "亿", "万亿"];
  const [yuan, jiao, fen] = [minor / 100n, Number((minor / 10n) % 10n), Number(minor % 10n)];
  let text = "";
  let rest = yuan;
  for (let group = 0; rest > 0n; group += 1, rest /= 10000n) {
    const four = Number(rest % 10000n);
    if (!four) {
      if (text && !text.startsWith("零")) text = `零${text}`;
      continue;
    }
    let part = "";
    [...four.toString()].reverse().forEach((digit, place) => {
      if (digit !== "0") part = digits[digit] + units[place] + part;
      else if (part && !part.startsWith("零")) part = `零${part}`;
    });
    if (four < 1000 && rest > 9999n) part = `零${part}`;
    text = part + groups[group] + text;
  }
  text = yuan ? `${text}元` : "";
  if (!jiao && !fen) return `${text || "零元"}整`;
  if (jiao) text += `${digits[jiao]}角`;
  else if (yuan) text += "零";
  return fen ? `${text}${digits[fen]}分` : text;
}
