// Uploading a workbook with a look at how far it is, by drop or by choice. Without it the form is
// sent as any form.

const form = () => document.querySelector("form[data-upload]");
const input = () => form()?.querySelector("input[type=file]");
let running = null;

function complain(text) {
  const line = document.getElementById("file-problem");
  if (!line) return;
  line.querySelector("span").textContent = text;
  line.hidden = !text;
  line.closest("[data-drop]")?.classList.toggle("field-bad", Boolean(text));
  if (text) input().setAttribute("aria-invalid", "true");
  else input().removeAttribute("aria-invalid");
}

// What is wrong with the chosen file, as far as its name and size tell; "" when nothing is.
function wrong() {
  const file = input().files[0];
  const say = form().dataset;
  if (!file) return say.sayNone;
  const kinds = (say.kinds ?? ".xlsx").split(",");
  if (!kinds.some((kind) => file.name.toLowerCase().endsWith(kind))) return say.sayKind;
  return file.size > Number(say.most) ? say.sayLarge : "";
}

function show(percent) {
  const line = form()?.querySelector("[data-sending]");
  if (!line) return;
  line.hidden = percent === null;
  if (percent === null) return;
  line.querySelector("progress").value = percent;
  line.querySelector("[data-sent]").textContent = form().dataset.saySent.replace("{percent}", percent);
}

function release() {
  running = null;
  show(null);
  // After the general script has marked the button as sending.
  setTimeout(() => {
    for (const button of form()?.querySelectorAll("[type=submit]") ?? []) {
      button.classList.remove("sending");
      button.removeAttribute("aria-disabled");
    }
  });
}

function send() {
  const request = new XMLHttpRequest();
  running = request;
  request.open("POST", form().action);
  const headers = {
    "HX-Request": "true",
    "HX-Request-Type": "partial",
    "HX-Target": "form#upload",
    "HX-Current-URL": location.href,
  };
  for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
  request.upload.addEventListener("progress", (event) => {
    if (event.lengthComputable) show(Math.floor((event.loaded * 100) / event.total));
  });
  request.addEventListener("load", () => answered(request));
  request.addEventListener("error", () => {
    release();
    complain(form().dataset.sayLost);
  });
  request.addEventListener("abort", release);
  show(0);
  request.send(new FormData(form()));
}

function answered(request) {
  const next = request.getResponseHeader("HX-Redirect") ?? request.getResponseHeader("HX-Location");
  if (next) {
    location.assign(next);
    return;
  }
  release();
  const page = new DOMParser().parseFromString(request.responseText, "text/html");
  const fresh = page.querySelector("form[data-upload]");
  const told = page.querySelector("[data-message]");
  if (fresh) {
    fresh.querySelector("input[type=file]").files = input().files;
    form().replaceWith(fresh);
    fresh.querySelector("[data-summary]")?.focus();
  } else if (told) {
    document.getElementById("messages")?.append(told);
  } else {
    complain(form().dataset.sayLost);
  }
}

document.addEventListener("submit", (event) => {
  if (event.target !== form()) return;
  event.preventDefault();
  if (running) return;
  const problem = wrong();
  complain(problem);
  if (problem) {
    release();
    input().focus();
  } else {
    send();
  }
});
document.addEventListener("change", (event) => {
  if (event.target === input()) complain(input().files.length ? wrong() : "");
});
document.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest("[data-stop]")) running?.abort();
});

const zone = (event) => (event.target instanceof Element ? event.target.closest("[data-drop]") : null);
const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");

document.addEventListener("dragover", (event) => {
  if (!form() || !holdsFiles(event)) return;
  event.preventDefault(); // A file that misses the area must not replace the page.
  event.dataTransfer.dropEffect = zone(event) ? "copy" : "none";
  form().querySelector("[data-drop]").classList.toggle("over", Boolean(zone(event)));
});
document.addEventListener("dragleave", (event) => {
  const left = zone(event);
  if (left && !left.contains(event.relatedTarget)) left.classList.remove("over");
});
document.addEventListener("drop", (event) => {
  if (!form() || !holdsFiles(event)) return;
  event.preventDefault();
  const area = zone(event);
  area?.classList.remove("over");
  if (!area || running) return;
  input().files = event.dataTransfer.files;
  complain(wrong());
  input().focus();
});

