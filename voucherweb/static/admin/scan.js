// The write-off desk with scripts: the camera reads codes and hands them to the look-up form; the
// page says when no answer came. Nothing is ever kept to be sent later. Without it the form works.

const PACE = 200; // Milliseconds between two reads: five a second is quick enough and spares phones.
const AGAIN = 3000; // A code that stays in sight is read once; so long it must have been away.
const WIDE = 800; // Pixels to which a picture is shrunk before it is read.
const DENIED = new Set(["NotAllowedError", "SecurityError"]);
const MISSING = new Set(["NotFoundError", "OverconstrainedError"]);

const part = (name) => document.querySelector(`[data-${name}]`);
const result = () => document.getElementById("result");
const canvas = document.createElement("canvas");
let stream = null;
let read = null;
let starting = false;
let asking = false;
let seen = { text: "", at: -AGAIN };
let sent = { number: "", unsure: false };
let audio = null;

// The camera.

function show(state) {
  const box = part("camera");
  if (!box || box.dataset.camera === state) return;
  box.dataset.camera = state;
  for (const one of box.querySelectorAll("[data-when]")) {
    one.hidden = !one.dataset.when.split(" ").includes(state);
  }
}

function undecided() {
  return Boolean(result()?.querySelector('[data-verdict="GOOD"]'));
}

function showRunning() {
  show(document.hidden ? "paused" : undecided() ? "decide" : "scanning");
}

async function start() {
  if (starting || stream) return;
  starting = true;
  show("asking");
  try {
    stream = await open(localStorage.getItem("deskCameraId"));
    read = await reader();
    await play();
  } catch (error) {
    stop(whyNot(error));
  } finally {
    starting = false;
  }
}

// The camera that was chosen last; where it is gone, the one on the back.
async function open(chosen) {
  const size = { width: { ideal: 1280 }, height: { ideal: 720 } };
  const which = chosen ? { deviceId: { exact: chosen } } : { facingMode: "environment" };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: false, video: { ...which, ...size } });
  } catch (error) {
    if (!chosen || !MISSING.has(error.name)) throw error;
    localStorage.removeItem("deskCameraId");
    return open(null);
  }
}

async function cameras() {
  const all = await navigator.mediaDevices.enumerateDevices();
  return all.filter((one) => one.kind === "videoinput");
}

async function change(button) {
  const all = await cameras();
  const now = stream?.getVideoTracks()[0].getSettings().deviceId;
  const next = all[(all.findIndex((one) => one.deviceId === now) + 1) % all.length];
  if (!stream || !next) return;
  localStorage.setItem("deskCameraId", next.deviceId);
  stop("asking");
  await start();
  if (!button.hidden) button.focus();
}

function whyNot(error) {
  if (error.message === "unreadable") return "unreadable";
  if (DENIED.has(error.name)) return "denied";
  return MISSING.has(error.name) ? "none" : "busy";
}

async function play() {
  const video = part("camera").querySelector("video");
  video.srcObject = stream;
  await video.play();
  const track = stream.getVideoTracks()[0];
  track.addEventListener("ended", () => stop("busy"));
  part("torch").hidden = !track.getCapabilities?.().torch;
  part("camera-change").hidden = (await cameras()).length < 2;
  sessionStorage.setItem("deskCamera", "on");
  showRunning();
  setTimeout(look, PACE);
}

function stop(state) {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
  const video = part("camera")?.querySelector("video");
  if (video) video.srcObject = null;
  for (const name of ["torch", "camera-change"]) if (part(name)) part(name).hidden = true;
  part("torch")?.setAttribute("aria-pressed", "false");
  show(state);
}

async function light(button) {
  const on = button.getAttribute("aria-pressed") !== "true";
  try {
    await stream?.getVideoTracks()[0].applyConstraints({ advanced: [{ torch: on }] });
    button.setAttribute("aria-pressed", String(on));
  } catch {
    button.hidden = true; // The camera said that it has a light, and has none to switch.
  }
}

// Reading: by the browser's own detector where it has one for QR codes, else by jsQR.

async function reader() {
  const formats = (await window.BarcodeDetector?.getSupportedFormats?.()) ?? [];
  if (formats.includes("qr_code")) {
    const detector = new window.BarcodeDetector({ formats: ["qr_code"] });
    return async (video) => (await detector.detect(video))[0]?.rawValue ?? "";
  }
  if (!window.jsQR) await load(part("camera").dataset.reader);
  return async (video) => readPixels(video);
}

function load(address) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = resolve;
    script.onerror = () => reject(new Error("unreadable"));
    document.head.append(script);
  });
}

function readPixels(video) {
  const scale = Math.min(1, WIDE / Math.max(video.videoWidth, video.videoHeight));
  canvas.width = Math.round(video.videoWidth * scale);
  canvas.height = Math.round(video.videoHeight * scale);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(video, 0, 0, canvas.width, canvas.height);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
  return window.jsQR(pixels.data, pixels.width, pixels.height)?.data ?? "";
}

async function look() {
  const video = part("camera")?.querySelector("video");
  if (!stream) return;
  if (!video || video.srcObject !== stream) return stop("off"); // The page was replaced.
  showRunning();
  try {
    if (!document.hidden && !asking && !undecided() && video.readyState >= 2) {
      take(await read(video));
    }
  } finally {
    setTimeout(look, PACE);
  }
}

function take(text) {
  if (!text || asking || undecided()) return;
  const now = performance.now();
  const known = text === seen.text && now - seen.at < AGAIN;
  seen = { text, at: now };
  if (known) return;
  part("number").value = text;
  part("look-up").requestSubmit();
}

// Asking: what was on the screen goes first, so that nobody acts on an older answer.

function say(name) {
  const panel = document.querySelector(`template[data-panel="${name}"]`);
  if (panel) result()?.replaceChildren(panel.content.cloneNode(true));
}

function kind(event) {
  const source = event.detail?.ctx?.sourceElement;
  if (!(source instanceof Element)) return "";
  return source.matches("[data-look-up]") ? "look-up" : source.matches("[data-write-off]") ? "write-off" : "";
}

document.addEventListener("htmx:before:request", (event) => {
  const what = kind(event);
  if (!what) return;
  asking = true;
  const field = part("number");
  if (what === "look-up") {
    sent = { number: field.value, unsure: navigator.onLine && part("direct").checked };
    field.value = "";
    say("asking");
  } else {
    const number = event.detail.ctx.sourceElement.querySelector("[name=number]").value;
    sent = { number, unsure: navigator.onLine };
  }
});

function unanswered() {
  asking = false;
  const field = part("number");
  if (!field.value) field.value = sent.number;
  say(sent.unsure ? "unsure" : "nothing");
  tell(false);
}

document.addEventListener("htmx:before:response", (event) => {
  const { response } = event.detail.ctx;
  // A page of something between us and the system is no answer.
  if (kind(event) && response.status >= 500 && !response.headers.get("HX-Retarget")) {
    event.preventDefault();
    unanswered();
  }
});
document.addEventListener("htmx:error", (event) => {
  if (kind(event)) unanswered();
});
document.addEventListener("htmx:finally:request", (event) => {
  if (!kind(event)) return;
  asking = false;
  // Refused before it was looked up; the reason stands beside.
  if (result()?.querySelector("[data-asking]")) unanswered();
});
document.addEventListener("htmx:after:swap", (event) => {
  const verdict = result()?.querySelector("[data-verdict]");
  if (event.detail?.ctx?.target !== result() || !verdict) return;
  asking = false; // The form that asked may be gone by now, and its last event is not heard.
  seen.at = performance.now();
  if (verdict.dataset.verdict === "WAIT" && !part("number").value) part("number").value = sent.number;
  if (stream) showRunning();
  if (verdict.dataset.verdict !== "IDLE") {
    tell(["GOOD", "WRITTEN_OFF"].includes(verdict.dataset.verdict));
    result().scrollIntoView({ block: "nearest" });
  }
  // A scanner types wherever the cursor is; on a phone this would open the keyboard instead.
  if (!stream || matchMedia("(pointer: fine)").matches) part("number").focus({ preventScroll: true });
});

// To ear and hand, for who looks at the member and not at the screen.

function tell(good) {
  if (!navigator.userActivation?.hasBeenActive) return;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (!still) navigator.vibrate?.(good ? 80 : [120, 80, 120]);
  if (!part("sound")?.checked) return;
  audio ??= new AudioContext();
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  tone.frequency.value = good ? 880 : 220;
  volume.gain.value = 0.1;
  tone.connect(volume).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + (good ? 0.12 : 0.45));
}

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest("[data-camera-start]")) start();
  if (target?.closest("[data-camera-stop]")) {
    sessionStorage.removeItem("deskCamera");
    stop("off");
  }
  const torch = target?.closest("[data-torch]");
  if (torch) light(torch);
  const other = target?.closest("[data-camera-change]");
  if (other) change(other);
});
document.addEventListener("change", (event) => {
  if (event.target instanceof HTMLInputElement && event.target.matches("[data-sound]")) {
    localStorage.setItem("deskSound", event.target.checked ? "on" : "");
  }
});
document.addEventListener("visibilitychange", () => {
  for (const track of stream?.getTracks() ?? []) track.enabled = !document.hidden;
  if (stream) showRunning();
});
window.addEventListener("pagehide", () => stop("off"));

function begin() {
  const box = part("camera");
  if (!box) return;
  box.hidden = false;
  part("sound").checked = localStorage.getItem("deskSound") === "on";
  if (!navigator.mediaDevices?.getUserMedia) show("insecure");
  else if (sessionStorage.getItem("deskCamera") === "on") start();
}
window.addEventListener("pageshow", (event) => event.persisted && begin());
begin();
