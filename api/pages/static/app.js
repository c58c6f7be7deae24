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

// A button that acts on ticked rows carries how many and how much: amounts are strings of minor
// units, added as BigInt, so that no cent is lost.
function recount(form) {
  if (!form) return;
  const ticked = [...form.querySelectorAll("tbody input[type=checkbox]:checked")];
  const minor = ticked.reduce((sum, box) => sum + BigInt(box.dataset.minor ?? "0"), 0n);
  for (const place of form.querySelectorAll("[data-ticked]")) {
    place.textContent = `${ticked.length} · ${major(minor)}`;
  }
}

function major(minor) {
  const text = minor.toString().padStart(3, "0");
  const whole = text.slice(0, -2).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  return `${whole}.${text.slice(-2)}`;
}
