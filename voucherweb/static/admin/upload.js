// Sends the picture straight to the object store, with progress. Type and size are looked at here
// first only to spare the wait; the server decides what is a picture.

const TYPES = /\.(png|jpe?g|gif|webp)$/i;
const MOST = 10 * 1024 * 1024;
let latest = 0;

document.addEventListener("change", (event) => {
  const field = event.target;
  if (field instanceof HTMLInputElement && field.id === "picture" && field.files.length) {
    send(field, field.files[0]);
  }
});

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element && event.target.closest("[data-remove-picture]");
  if (!button) return;
  event.preventDefault();
  const place = button.closest("[data-upload]");
  latest += 1;
  put(place, "");
  show(place, null);
  say(place, "");
  document.getElementById("picture").focus();
});

async function send(field, file) {
  const place = field.closest("[data-upload]");
  const mine = ++latest;
  const { wrongType, tooLarge, broken, done } = place.dataset;
  const bar = place.querySelector(".upload-progress");
  if (!TYPES.test(file.name)) return refuse(place, field, wrongType);
  if (file.size > MOST) return refuse(place, field, tooLarge);
  say(place, "");
  bar.value = 0;
  bar.hidden = false;
  try {
    const address = await ask(place.dataset.address, { name: file.name });
    await store(address.url, file, (percent) => {
      if (mine === latest) bar.value = percent;
    });
    const arrived = await ask(place.dataset.arrived, { objectKey: address.objectKey });
    if (mine !== latest) return;
    put(place, address.objectKey);
    show(place, arrived.url);
    say(place, done);
    field.value = ""; // It is stored: the form need not carry it again.
  } catch (error) {
    if (mine === latest) refuse(place, field, error.said ?? broken);
  } finally {
    if (mine === latest) bar.hidden = true;
  }
}

async function ask(url, values) {
  const token = document.querySelector("#voucher-form [name=csrf_token]").value;
  const answer = await fetch(url, {
    method: "POST",
    body: new URLSearchParams(values),
    headers: { "X-CSRFToken": token, Accept: "application/json" },
  });
  const type = answer.headers.get("Content-Type") ?? "";
  const data = type.includes("json") ? await answer.json() : {};
  if (answer.ok && data.problem === undefined && type.includes("json")) return data;
  throw Object.assign(new Error("refused"), { said: data.problem });
}

// fetch() cannot tell how much of a body has gone.
function store(url, file, tell) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", url);
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) tell(Math.round((event.loaded * 100) / event.total));
    });
    request.addEventListener("load", () => {
      if (request.status >= 200 && request.status < 300) resolve();
      else reject(new Error(`storage answered ${request.status}`));
    });
    request.addEventListener("error", () => reject(new Error("network")));
    request.addEventListener("timeout", () => reject(new Error("timeout")));
    // No media type: the address was signed without one.
    request.send(new Blob([file]));
  });
}

function put(place, key) {
  const field = place.closest("form").elements.namedItem("thumbnailObjectKey");
  field.value = key;
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

function show(place, url) {
  const kept = place.querySelector(".upload-kept");
  kept.hidden = !url;
  if (url) kept.querySelector("img").src = url;
}

function say(place, text, bad = false) {
  const line = place.querySelector(".upload-said");
  line.textContent = text;
  line.classList.toggle("upload-bad", bad);
}

function refuse(place, field, text) {
  field.value = "";
  say(place, text, true);
}
