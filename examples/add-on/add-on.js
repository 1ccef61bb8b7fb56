// A sample add-on: everything that one needs to know of contract B, on one page without a build.
//
// The admin site opens this page in a frame with `exchange_token`, `business_code` and `return_url`
// in its address. The exchange token is good once, for 60 seconds; what comes of it is kept in
// memory only, and ends when the admin signs out.

const english = !navigator.language.toLowerCase().startsWith("zh");
const t = (zh, en) => (english ? en : zh);
const at = (id) => document.getElementById(id);

const given = new URLSearchParams(location.search);
// The token leaves the address before anything else happens: no history, no bookmark, no copy of
// the address holds it.
history.replaceState(null, "", location.pathname);

// Here the API is where we were opened from. A real add-on knows the address of its API and accepts
// no other: whoever makes up a link to it must not choose where it sends things.
const returnUrl = URL.canParse(given.get("return_url") ?? "") ? new URL(given.get("return_url")) : null;
const api = returnUrl?.origin;
let pair = null;
let member = null;

class Refused extends Error {
  constructor(status, body) {
    super(body?.message ?? t("連線失敗", "No connection"));
    this.status = status;
    this.code = body?.code;
    this.requestId = body?.requestId;
  }
}

async function send(method, path, body, headers = {}) {
  const answer = await fetch(api + path, {
    method,
    headers: { "Accept-Language": english ? "en" : "zh-TW", "Content-Type": "application/json", ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const said = await answer.json().catch(() => null);
  if (!answer.ok) throw new Refused(answer.status, said);
  return said;
}

// A call with the access token. One that has expired is renewed once; a write keeps its key when it
// is sent again, so that it takes effect once.
async function call(method, path, body) {
  const key = method === "GET" ? {} : { "Idempotency-Key": newKey() };
  const attempt = () => send(method, path, body, { Authorization: `Bearer ${pair.access_token}`, ...key });
  try {
    return await attempt();
  } catch (error) {
    if (error instanceof Refused && error.status !== 401) throw error;
    if (error instanceof Refused) await renew();
    return attempt();
  }
}

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function renew() {
  // A refresh token is good once: the answer brings the next one.
  pair = await send("POST", "/v1/auth-connect/refresh-token", { refresh_token: pair.refresh_token });
}

function say(text, kind = "") {
  at("said").textContent = text;
  at("said").dataset.kind = kind;
}

function tell(error) {
  const code = error.code ? ` (${error.code}${error.requestId ? `, ${error.requestId}` : ""})` : "";
  say(error.message + code, "bad");
}

// Each thing that a person asks for: one at a time, and what went wrong is told.
function on(id, event, act) {
  at(id).addEventListener(event, async (happened) => {
    happened.preventDefault();
    const buttons = document.querySelectorAll("button");
    for (const one of buttons) one.disabled = true;
    try {
      await act();
    } catch (error) {
      tell(error);
    }
    for (const one of buttons) one.disabled = false;
  });
}

async function begin() {
  for (const one of document.querySelectorAll("[data-zh]")) one.textContent = t(one.dataset.zh, one.dataset.en);
  document.documentElement.lang = english ? "en" : "zh-Hant-TW";
  if (!api || !given.get("exchange_token")) {
    say(t("請從管理網站開啟這個附加元件。", "Open this add-on from the admin site."), "bad");
    return;
  }
  say(t("連線中", "Connecting"));
  try {
    pair = await send("POST", "/v1/auth-connect/access-token", { exchange_token: given.get("exchange_token") });
  } catch (error) {
    const used = error.status === 401;
    if (!used) return tell(error);
    say(t("權杖已用過或過期，請從管理網站重新開啟。", "The token was used or is too old. Open the add-on again."), "bad");
    return;
  }
  const config = await call("GET", "/v2/connect/extension-config");
  at("name").textContent = config.addon.name;
  at("addon").textContent = `${config.addon.name} (${config.addon.code})`;
  at("business").textContent = `${config.business.name} (${config.business.code})`;
  at("plan").textContent = `${config.plan.name} · ${config.plan.status}`;
  at("config").hidden = at("finding").hidden = false;
  if (config.plan.status === "ACTIVE") say(t("已連線", "Connected"), "good");
  else say(t("方案目前不在有效期間。", "The plan is not running now."), "bad");
}

async function show(profile) {
  member = profile;
  const cards = member.cards.map((card) => {
    const line = document.createElement("li");
    line.textContent = `${card.campaign_name} ${card.card_no}: ${card.points.toLocaleString()} ${t("點", "points")}`;
    return line;
  });
  at("cards").replaceChildren(...cards);
  at("member-name").textContent = member.first_name ?? member.member_id;
  const sets = await call("GET", "/v2/connect/coupon/sets");
  const open = sets.data.filter((set) => set.status === "ACTIVE");
  at("set").replaceChildren(...open.map((set) => new Option(set.name, set.uuid)));
  at("add").hidden = !member.cards.length;
  at("give").hidden = !open.length;
  at("member").hidden = false;
}

async function find(phone) {
  const found = await call("GET", `/v2/connect/profiles?phone_number=${encodeURIComponent(phone)}`);
  if (found.data.length) return show(found.data[0]);
  at("member").hidden = true;
  say(t("找不到這個電話的會員。", "No member has this phone number."), "bad");
}

on("find", "submit", async () => {
  say("");
  await find(at("phone").value);
});

on("add", "submit", async () => {
  const done = await call("POST", "/v2/connect/add/points", {
    method: 2,
    points: Number(at("points").value),
    phone_number: member.phone_number,
    card_no: member.cards[0].card_no,
  });
  say(t(`已加點，餘額 ${done.balance} 點。`, `Points were added; the balance is ${done.balance}.`), "good");
  await find(member.phone_number);
});

on("give", "submit", async () => {
  const done = await call("POST", `/v2/connect/coupon/give/${encodeURIComponent(member.member_id)}`, {
    coupon_set_uuid: at("set").value,
  });
  say(t(`已發放 ${done.data[0].code}。`, `${done.data[0].code} was given.`), "good");
});

on("renew", "click", async () => {
  await renew();
  say(t("權杖已更新。", "The token was renewed."), "good");
});

// The frame may lead nowhere else by itself; the page around it listens to this one word.
on("close", "click", () => parent.postMessage("voucherweb:return", api));

begin().catch(tell);
