// Choosing vouchers of a list: all of the page at once, and how many are chosen. Without it the
// checkboxes and their button work as any form.

function boxes() {
  return [...document.querySelectorAll("[data-bulk]")];
}

function show() {
  const chosen = boxes().filter((one) => one.checked).length;
  const go = document.querySelector("[data-bulk-go]");
  if (go) go.disabled = chosen === 0;
  const count = document.querySelector("[data-bulk-count]");
  if (count) count.textContent = chosen ? String(chosen) : "";
  const all = document.querySelector("[data-bulk-all]");
  if (!all) return;
  all.hidden = false;
  all.checked = chosen > 0 && chosen === boxes().length;
  all.indeterminate = chosen > 0 && !all.checked;
}

document.addEventListener("change", (event) => {
  const target = event.target instanceof HTMLInputElement ? event.target : null;
  if (target?.matches("[data-bulk-all]")) {
    for (const one of boxes()) one.checked = target.checked;
  }
  if (target?.matches("[data-bulk-all], [data-bulk]")) show();
});
document.addEventListener("htmx:after:swap", show);
window.addEventListener("pageshow", show);
show();
