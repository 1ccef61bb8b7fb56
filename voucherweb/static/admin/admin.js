// What every page does beyond HTML. Events are heard on the document, because htmx replaces parts
// of pages; nothing here is needed for a page to work.

const dialog = () => document.getElementById("dialog");

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  if (!target) return;
  const dismiss = target.closest("[data-dismiss]");
  if (dismiss) dismiss.closest("[data-message]")?.remove();
  const close = target.closest("[data-close]");
  if (close && dialog()?.contains(close)) {
    event.preventDefault();
    dialog().close();
  }
  if (target === dialog()) dialog().close();
  const copy = target.closest("[data-copy]");
  if (copy) copyText(copy);
  const print = target.closest("[data-print]");
  if (print) window.print();
  for (const menu of document.querySelectorAll("details.down-menu[open], details.up-menu[open]")) {
    if (!menu.contains(target)) menu.open = false;
  }
});

async function copyText(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.dataset.copied = "";
    setTimeout(() => delete button.dataset.copied, 1500);
  } catch {
    const code = button.parentElement?.querySelector("code");
    if (code) window.getSelection()?.selectAllChildren(code);
  }
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    for (const menu of document.querySelectorAll("details.down-menu[open], details.up-menu[open]")) {
      menu.open = false;
      menu.querySelector("summary")?.focus();
    }
  }
  const typing = event.target instanceof Element && event.target.closest("input, textarea, select");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const search = document.getElementById("top-search");
    if (search) {
      event.preventDefault();
      search.focus();
    }
  }
});

// A page that is only renewed is no further step for Back to undo.
document.addEventListener("htmx:before:history:update", (event) => {
  const step = event.detail.history;
  if (new URL(step.path, location.href).href === location.href) step.type = "replace";
});

// Where the question was asked from: its deed renews the page, and with it what had the focus.
let asked = "";
document.addEventListener("click", (event) => {
  const link = event.target instanceof Element && event.target.closest("a[data-dialog]");
  if (link) asked = link.pathname;
});

// The same row's next deed has the focus then, or else the page.
function focusAgain() {
  if (!asked || dialog()?.open || document.activeElement !== document.body) return;
  const links = [...document.querySelectorAll("main a[data-dialog]")];
  const above = asked.replace(/[^/]*$/, "");
  const next = links.find((one) => one.pathname.startsWith(above) && one.checkVisibility());
  (next ?? document.getElementById("main"))?.focus({ preventScroll: true });
  asked = "";
}

// A chip goes with what it filtered by: the next one has the focus then, or else the filters.
let unfiltered = false;
document.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest("a.chip")) unfiltered = true;
});

function focusFilters() {
  if (!unfiltered) return;
  unfiltered = false;
  if (document.activeElement !== document.body) return;
  const near = [
    ...document.querySelectorAll(".chips a.chip"),
    ...document.querySelectorAll("form.filters :is(summary, input, select)"),
  ];
  const next = near.find((one) => one.type !== "hidden" && one.checkVisibility());
  (next ?? document.getElementById("main"))?.focus({ preventScroll: true });
}

// A question that htmx has put into the dialog is asked there.
document.addEventListener("htmx:after:swap", (event) => {
  const box = dialog();
  const body = document.getElementById("dialog-body");
  // A refusal is told beside the page; an open dialog would cover it.
  if (box?.open && event.detail?.ctx?.hx?.retarget === "#messages") box.close();
  if (box && body && body.childElementCount && !box.open && body.dataset.asked === undefined) {
    body.dataset.asked = "";
    box.showModal();
  }
  focusSummary(body?.closest("dialog[open]") ?? document);
  fadeMessages();
  countFilters();
  setTimeout(focusAgain);
  setTimeout(focusFilters);
});

// The form around a list stays while the list is renewed: order and tab that were chosen since are
// in the address, and go along with what is filtered by. Heard before htmx reads the form.
function followAddress(event) {
  const filters = event.target instanceof Element && event.target.closest("form.filters");
  if (!filters) return;
  const asked = new URLSearchParams(location.search);
  const hidden = [...filters.querySelectorAll("input[type=hidden]")];
  for (const name of new Set(["sort", "order", "phase", ...hidden.map((one) => one.name)])) {
    const known = hidden.find((one) => one.name === name);
    if (!asked.get(name)) known?.remove();
    else if (known) known.value = asked.get(name);
    else filters.append(Object.assign(document.createElement("input"), { type: "hidden", name, value: asked.get(name) }));
  }
}
for (const kind of ["input", "change", "submit"]) document.addEventListener(kind, followAddress, true);

// Its number of filters is told here too.
function countFilters() {
  const told = document.querySelector("[data-filter-count]");
  const active = document.querySelector("#list [data-active]")?.dataset.active;
  if (!told || active === undefined) return;
  told.textContent = active;
  told.hidden = active === "0";
}

document.addEventListener(
  "close",
  (event) => {
    if (event.target !== dialog()) return;
    const body = document.getElementById("dialog-body");
    body?.replaceChildren();
    if (body) delete body.dataset.asked;
  },
  true,
);

function focusSummary(root) {
  root.querySelector("[data-summary]")?.focus({ preventScroll: false });
}

// Good news may go by itself; everything else stays until it is dismissed.
function fadeMessages() {
  for (const one of document.querySelectorAll(".message-success:not([data-fading])")) {
    one.dataset.fading = "";
    setTimeout(() => one.matches(":hover, :focus-within") || one.remove(), 8000);
  }
}

// Whoever leaves the page of a running job is told of its end on whatever page comes next.
const WAITS = "waits-for-job";
const PATIENCE = 30 * 60 * 1000;
const PROGRESS = "#job, #news, #set-progress, #import-progress";
function watchJobs() {
  const job = document.querySelector(PROGRESS);
  if (job?.hasAttribute("data-others")) return;
  if (job?.hasAttribute("hx-get")) sessionStorage.setItem(WAITS, String(Date.now()));
  else if (job) sessionStorage.removeItem(WAITS);
}
document.addEventListener("htmx:after:swap", watchJobs);
setInterval(() => {
  const bell = document.getElementById("bell");
  const since = Number(sessionStorage.getItem(WAITS) ?? 0);
  if (!bell || !since || document.querySelector(PROGRESS) || document.visibilityState !== "visible") return;
  if (Date.now() - since > PATIENCE) return sessionStorage.removeItem(WAITS);
  const known = bell.dataset.unseen;
  const place = `${bell.getAttribute("href")}?known=${known}`;
  htmx.ajax("GET", place, { source: bell, target: "#bell", swap: "outerHTML" }).then(() => {
    if (document.getElementById("bell")?.dataset.unseen !== known) sessionStorage.removeItem(WAITS);
  });
}, 5000);

function showOffline() {
  const bar = document.getElementById("offline");
  if (!bar) return;
  bar.hidden = navigator.onLine;
  if (navigator.onLine) bar.querySelector("[data-unsent]").hidden = true;
}

// The browser would put its own page of errors in place of what was typed. htmx's forms stay anyway.
document.addEventListener(
  "submit",
  (event) => {
    if (navigator.onLine || event.target.closest("[hx-get], [hx-post]")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    showOffline();
    document.querySelector("#offline [data-unsent]").hidden = false;
  },
  true,
);

// A voucher form that was sent and led elsewhere has arrived; the sign-in page leads back to it.
if (!document.querySelector("[data-voucher-form]") && !location.pathname.startsWith("/admin/sign-in")) {
  for (const name of Object.keys(sessionStorage)) {
    const arrived = name.startsWith("voucher-form:") && "sent" in JSON.parse(sessionStorage[name]);
    if (arrived) sessionStorage.removeItem(name);
  }
}
window.addEventListener("online", showOffline);
window.addEventListener("offline", showOffline);
// Filters that were set meanwhile are asked for again: they show what the list would not.
let filtersLost = null;
document.addEventListener("htmx:error", (event) => {
  const bar = document.getElementById("offline");
  if (bar) bar.hidden = false;
  if (event.target instanceof Element) filtersLost = event.target.closest("form.filters") ?? filtersLost;
});
window.addEventListener("online", () => {
  if (filtersLost?.isConnected) filtersLost.requestSubmit();
  filtersLost = null;
});
document.addEventListener("htmx:after:request", showOffline);

// What a proxy says in place of the site is no part of a page: what is on the screen stays, and what
// renews itself goes on asking. The site's own answers say by which part they vary.
document.addEventListener("htmx:before:response", (event) => {
  const { status, headers } = event.detail.ctx.response;
  const foreign = status >= 400 && !/hx-target/i.test(headers.get("Vary") ?? "");
  if (foreign) event.preventDefault();
  const bar = document.getElementById("unanswered");
  if (bar) bar.hidden = !foreign;
});

// A page that answers a sent form is gone back to as a page, not by sending the form once more.
if (document.body.hasAttribute("data-sent")) history.replaceState(history.state, "", location.href);

// A form that says so asks before what was typed is lost.
let typed = false;
document.addEventListener("input", (event) => {
  if (event.target instanceof Element && event.target.closest("form[data-guard]")) typed = true;
});
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement)) return;
  typed = false;
  const button = event.submitter;
  if (form.method === "post" && button && !form.hasAttribute("hx-post")) {
    // After the browser has read the form: a disabled button would not be sent.
    setTimeout(() => {
      button.setAttribute("aria-disabled", "true");
      button.classList.add("sending");
    });
  }
});
window.addEventListener("beforeunload", (event) => {
  if (typed) event.preventDefault();
});
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const button of document.querySelectorAll(".sending")) {
    button.classList.remove("sending");
    button.removeAttribute("aria-disabled");
  }
});

showOffline();
watchJobs();
fadeMessages();
focusSummary(document);
