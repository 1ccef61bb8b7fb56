// The voucher form beyond HTML: which fields one has been to, how much room a text has left, and
// what was typed kept in this tab until it has arrived. The rules are the server's alone.

const form = () => document.querySelector("[data-voucher-form]");
const store = () => `voucher-form:${location.pathname}`;
const GUARDS = new Set(["csrf_token", "once_key", "seen", "touched", "kept"]);

function touch(names, tell = true) {
  const field = form()?.elements.namedItem("touched");
  if (!field) return;
  const known = new Set(field.value.split(",").filter(Boolean));
  const before = known.size;
  for (const name of names) known.add(name.replace(/_time$/, ""));
  if (known.size === before) return;
  field.value = [...known].join(",");
  if (tell) form().dispatchEvent(new CustomEvent("touched"));
}

// Leaving a field says that one has been to it; moving inside a group of choices does not.
document.addEventListener("focusout", (event) => {
  const field = event.target;
  if (!field.form || field.form !== form() || !field.name || field.type === "submit") return;
  const next = event.relatedTarget;
  if (next && next.name === field.name) return;
  if (next && next.closest("[data-preset], .issuing-side, [data-guard] .btn:not([name])")) return;
  if (field.type === "file" || field.type === "hidden") return;
  touch([field.name]);
});

document.addEventListener("click", (event) => {
  const chip = event.target instanceof Element && event.target.closest("[data-preset]");
  const names = chip ? ["StartDate", "EndDate"].map((edge) => chip.dataset.preset + edge) : [];
  if (chip) touch(names, false);
});

// What the server said of a field is the field's state for assistive technology too.
function mark() {
  for (const said of document.querySelectorAll("[data-voucher-form] .problem[id$='-problem']")) {
    const field = document.getElementById(said.id.replace(/-problem$/, ""));
    if (!field) continue;
    if (said.hidden) field.removeAttribute("aria-invalid");
    else field.setAttribute("aria-invalid", "true");
    const described = (field.getAttribute("aria-describedby") ?? "").split(" ").filter(Boolean);
    if (!described.includes(said.id)) {
      field.setAttribute("aria-describedby", [...described, said.id].join(" "));
    }
  }
}

function count(field) {
  const most = Number(field.dataset.most);
  const long = [...field.value.trim()].length;
  const place = field.closest(".field");
  let said = place.querySelector(".count-left");
  if (!said) {
    said = document.createElement("span");
    said.className = "count-left";
    said.setAttribute("aria-hidden", "true");
    place.querySelector(".input-line, textarea").after(said);
  }
  said.textContent = `${long} / ${most}`;
  said.classList.toggle("count-over", long > most);
}

// The guards of a form that was sent and got no answer: should it have arrived after all, sending it
// again must not do it twice.
let unanswered = null;

// Kept in this tab: a session that has ended, or a page left by accident, loses nothing.
function keep() {
  const kept = {};
  for (const [name, value] of new FormData(form())) {
    if (typeof value === "string" && !GUARDS.has(name)) kept[name] = value;
  }
  try {
    sessionStorage.setItem(store(), JSON.stringify({ kept, unanswered }));
  } catch {
    // A full or forbidden store: the browser's own question before leaving is left.
  }
}

function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(store()) ?? "null");
  } catch {
    return null;
  }
}

function restore() {
  const found = kept();
  sessionStorage.removeItem(store());
  if (!found || "sent" in form().dataset) return;
  for (const [name, value] of Object.entries(found.kept)) {
    const field = form().elements.namedItem(name);
    if (field && field.type !== "file") field.value = value;
  }
  say(form().dataset.restored);
  unanswered = found.unanswered;
  for (const [name, value] of Object.entries(unanswered ?? {})) {
    form().elements.namedItem(name).value = value;
  }
  keep();
  if (!unanswered) touch(Object.keys(found.kept).filter((name) => found.kept[name]), false);
  // Checked once everything listens.
  window.addEventListener("load", () => form()?.dispatchEvent(new CustomEvent("touched")));
}

function say(text) {
  const line = document.createElement("p");
  line.className = "hint";
  line.setAttribute("role", "status");
  line.textContent = text;
  form().querySelector(".issuing-fields").prepend(line);
}

document.addEventListener("input", (event) => {
  if (event.target.form !== form()) return;
  if (event.target.dataset.most) count(event.target);
  keep();
});
document.addEventListener("change", (event) => {
  if (event.target.form && event.target.form === form()) keep();
});
document.addEventListener("submit", (event) => {
  if (event.target !== form()) return;
  const found = kept();
  const guards = ["once_key", "touched"].map((name) => [name, form().elements.namedItem(name).value]);
  unanswered = Object.fromEntries(guards);
  if (found) sessionStorage.setItem(store(), JSON.stringify({ ...found, unanswered, sent: true }));
});

// Once more than once: a second press while the first is on its way is not sent.
document.addEventListener(
  "submit",
  (event) => {
    if (event.target !== form()) return;
    if (form().dataset.sending !== undefined) event.preventDefault();
    else form().dataset.sending = "";
  },
  true,
);
window.addEventListener("pageshow", () => form() && delete form().dataset.sending);

// How many pieces each import had when last looked at. The volume goes along with the chosen one,
// as long as nobody has typed another: a row corrected over the form is a piece more.
const pieces = new Map();
function followPieces(choice) {
  const volume = form().elements.namedItem("volume");
  const chosen = choice.selectedOptions[0]?.dataset.pieces ?? "";
  const before = pieces.get(choice.value);
  for (const one of choice.options) pieces.set(one.value, one.dataset.pieces ?? "");
  if (!volume || !chosen || volume.value === chosen) return;
  if (volume.value && volume.value !== before) return;
  volume.value = chosen;
  touch(["volume"], false);
}
document.addEventListener("change", (event) => {
  if (form() && event.target.id === "couponImportId") followPieces(event.target);
}, true);

// The import that is followed is kept with the form, so that a reload finds it again.
function followImport() {
  const job = document.querySelector("#import[data-job]")?.dataset.job;
  const field = form().elements.namedItem("couponJob");
  if (!job || !field || field.value === job) return;
  field.value = job;
  keep();
}
function findImport() {
  const part = document.querySelector("#import:not([data-job])");
  const job = form().elements.namedItem("couponJob")?.value;
  if (!part || !job) return;
  window.htmx.ajax("GET", part.dataset.address.replace("/0", `/${job}`), { target: "#import", swap: "outerHTML" });
}

// What opened the dialog may have been renewed meanwhile.
document.addEventListener(
  "close",
  (event) => {
    if (!form() || event.target.id !== "dialog") return;
    setTimeout(() => {
      if (document.activeElement !== document.body) return;
      (document.getElementById("import-repair") ?? document.getElementById("couponImportId"))?.focus();
    });
  },
  true,
);

document.addEventListener("htmx:after:swap", (event) => {
  if (!form()) return;
  mark();
  followImport();
  const source = event.detail.ctx?.sourceElement;
  if (source?.name === "preset") {
    // What was asked while the chip's answer was under way knew nothing of it.
    form().dispatchEvent(new Event("change", { bubbles: true }));
    keep();
  }
  const choice = document.getElementById("couponImportId");
  if (choice && choice.dataset.told !== choice.value) {
    const first = choice.dataset.told === undefined && !choice.value;
    choice.dataset.told = choice.value;
    if (!first) choice.dispatchEvent(new Event("change", { bubbles: true }));
  }
});

for (const name of ["dragenter", "dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    const drop = event.target instanceof Element && event.target.closest("input.drop");
    if (drop) drop.classList.toggle("drop-over", name === "dragenter" || name === "dragover");
  });
}

if (form()) {
  for (const field of document.querySelectorAll("[data-most]")) count(field);
  mark();
  restore();
  const choice = document.getElementById("couponImportId");
  if (choice) followPieces(choice);
  window.addEventListener("load", findImport);
}
