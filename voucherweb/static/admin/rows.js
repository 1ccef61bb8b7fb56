// Keeping one's place among refused rows of an import. Without it rows have pages of their own.

// The row that was just sent keeps the focus: its wrong field, or the line that stands in its place.
let sent = null;
document.addEventListener("htmx:before:request", (event) => {
  const source = event.target instanceof Element ? event.target : null;
  sent = source?.closest(".failed-row")?.id ?? sent;
});
document.addEventListener("htmx:after:swap", () => {
  const box = document.querySelector("dialog[open]");
  const below = (one) => box && !box.contains(one);
  for (const line of document.querySelectorAll("[data-row-done]")) {
    delete line.dataset.rowDone;
    if (below(line)) box.close();
    line.focus();
    sent = null;
  }
  const row = sent && document.getElementById(sent);
  sent = null;
  if (row && !below(row)) row.querySelector("[aria-invalid], .row-problems")?.focus();
});
