// The desk: sign in, then everything follows from what the socket tells and what the agent does.
import { Actions } from "/desk/actions.js";
import { clock, newId, Problem, request } from "/desk/api.js";
import { $, ask, h } from "/desk/ask.js";
import { DeskSocket } from "/desk/socket.js";
import { Store } from "/desk/store.js";
import { offerKey, showBar, showConversation, showCount, showList, showOffers, stayAtEnd, touch, whyNot } from "/desk/views.js";
import { say, speak } from "/desk/words.js";

const DECLINE = ["busy", "not-my-skill", "break", "other"], AWAY = ["break", "meeting", "training", "other"];
const RESULTS = ["resolved", "no-answer", "spam", "other"];
const TARGETS = "/transfer-targets?limit=200";
const CALM_MS = 700; // keys pressed sooner than this after an offer appeared, or after typing, were not meant for it
const named = device();
const choices = (keys) => keys.map((key) => [key, say(key)]);

let desk = null; // of who is signed in: me, store, actions, socket, live, chosen, answered, drafts, queues, agents

function view(name, words = "") {
  document.body.dataset.view = name;
  $("boot").textContent = words;
}

function notice(words) {
  const it = h("button", { textContent: words, onclick: () => it.remove() });
  $("notices").append(it);
  setTimeout(() => it.remove(), 10_000);
}

let drawing = false;
function draw() {
  if (drawing || !desk) return;
  drawing = true;
  setTimeout(() => { drawing = false; if (desk) drawNow(); }, 15);
}

function drawNow() {
  const each = desk.store.all.get(desk.chosen);
  if (!each) choose("");
  else if (!document.hidden) each.unread = 0;
  showOffers(desk, { accept, decline, appeared: (card) => watcher.observe(card) });
  showList(desk, choose);
  showConversation(desk, lineVerbs);
  showBar(desk);
  follow();
}

/** A name for the device, kept over reloads; a tab that was duplicated must not share it. */
async function device() {
  const mine = sessionStorage.getItem("device") ?? newId();
  const free = !navigator.locks || await new Promise((answer) => {
    navigator.locks.request(`device-${mine}`, { ifAvailable: true }, (lock) => {
      answer(Boolean(lock));
      return lock && new Promise(() => {}); // held until the page is gone
    });
  });
  const name = free ? mine : newId();
  sessionStorage.setItem("device", name);
  return name;
}

async function start(me) {
  if (sessionStorage.getItem("agent") !== me.id) for (const key of ["actions", "drafts"]) sessionStorage.removeItem(key);
  sessionStorage.setItem("agent", me.id);
  speak(me.locale);
  const actions = new Actions("actions", { send: (frame) => socket.send(frame), changed: draw, settled });
  const store = new Store(me.id, {
    changed: draw, keeps: (id) => actions.of(id).length > 0, done: (id) => actions.done(id),
    seen: (id) => id === desk?.chosen && !document.hidden,
    returned: (to, why) => notice(say("returned", { to: desk.agentName(to), why: whyNot({ code: why }) })),
  });
  const socket = new DeskSocket(await named, {
    welcome, event: (event) => { clock.learn(event.time); store.event(event); }, answer: (frame) => actions.answer(frame),
    link: (live) => { desk.live = live; draw(); }, signedOut: () => signedOut(say("signedOut")), refused: stillSignedIn,
  });
  desk = {
    me, store, actions, socket, live: false, chosen: "", answered: new Set(), queues: [], agents: [],
    drafts: JSON.parse(sessionStorage.getItem("drafts") ?? "{}"),
    queueTitle: (name) => desk.queues.find((queue) => queue.name === name)?.title ?? name,
    agentName: (id) => desk.agents.find((agent) => agent.id === id)?.name ?? id,
  };
  view("desk");
  draw();
  socket.connect();
  learnNames(desk);
}

/** Titles of queues and names of agents: of all where our role may read the roster, else of who is there. */
async function learnNames(mine) {
  try {
    mine.queues = (await request("GET", "/queues")).queues;
    if (mine.me.role !== "agent") mine.agents = (await request("GET", "/agents?limit=200")).items ?? [];
    else mine.agents = (await request("GET", TARGETS)).agents;
  } catch (problem) {
    if (problem.status !== 401 && problem.status !== 403 && desk === mine) setTimeout(() => learnNames(mine), 5_000);
  }
  draw();
}

function welcome(frame) {
  const { store, actions } = desk;
  Object.assign(desk.me, frame.agent);
  Object.assign(store, { presence: frame.presence, reason: frame.reason });
  if (!frame.resumed) store.snapshot(frame.snapshot?.conversations ?? []);
  for (const { conversation } of actions.all.values()) if (conversation && !store.all.has(conversation)) store.read(conversation);
  for (const card of $("offers").children) card.told = false;
  setTimeout(() => { desk?.actions.reconnected(); tellShown(); });
}

async function stillSignedIn() {
  try {
    await request("GET", "/session");
  } catch (problem) {
    if (problem.status === 401) signedOut(say("signedOut"));
  }
}

function signedOut(words) {
  desk?.socket.stop();
  desk = null;
  for (const id of ["offers", "list", "transcript", "notices"]) $(id).replaceChildren();
  if ($("ask").open) $("ask").close("");
  document.title = "Trunkline";
  $("sign-in-error").textContent = words;
  view("sign-in");
  $("sign-in-form").elements.login.focus();
}

// --- what the agent does ------------------------------------------------------------------------------------

function choose(id) {
  if (desk.chosen === id) return;
  desk.chosen = id;
  $("reply").value = desk.drafts[id] ?? "";
  if (!id) return;
  desk.focus = true;
  draw();
}

/** Focus follows the choice: the reply box once one may write there; on a phone the name, to keep the keyboard away. */
function follow() {
  const ready = !$("reply").disabled;
  if (!desk.focus || $("ask").open || !desk.chosen) return;
  (touch.matches || !ready ? $("who") : $("reply")).focus();
  desk.focus = !touch.matches && !ready && document.activeElement === $("who");
}

function draft(text) {
  desk.drafts[desk.chosen] = text;
  if (!text) delete desk.drafts[desk.chosen];
  sessionStorage.setItem("drafts", JSON.stringify(desk.drafts));
  $("reply").value = text;
  showCount(desk.store.all.get(desk.chosen).state);
}

const accept = ({ id, state }) => desk.actions.start("accept", id, { fence: state.fence });
const reasonFields = (keys) => [{ name: "reason", label: "reason", options: choices(keys) }, { name: "own", label: "ownWords" }];

async function decline({ id, state }) {
  const given = await ask("whyDecline", reasonFields(DECLINE), "decline");
  if (given) desk?.actions.start("decline", id, { fence: state.fence, reason: given.own || given.reason });
}

async function away() {
  const given = await ask("whyAway", reasonFields(AWAY), "away");
  if (given) presence("away", given.own || given.reason);
}

function presence(wanted, reason = "") {
  for (const each of desk.actions.of("")) desk.actions.discard(each.id); // the latest word counts
  desk.actions.start("presence", "", { presence: wanted, reason });
}

function send(conversation, text) {
  if (text.trim()) desk.actions.start("reply", conversation, { text });
}

const lineVerbs = {
  again: ({ id, words }) => { desk.actions.discard(id); send(desk.chosen, words); },
  edit: ({ id, words }) => { desk.actions.discard(id); draft([words, $("reply").value].filter(Boolean).join("\n")); $("reply").focus(); },
  discard: ({ id }) => { desk.actions.discard(id); desk.store.prune(); },
};

async function transfer() {
  const id = desk.chosen, { weight } = desk.store.all.get(id).state;
  const found = await request("GET", TARGETS).catch((problem) => { notice(whyNot(problem)); return null; });
  if (!found || !desk) return;
  desk.agents = [...found.agents, ...desk.agents.filter((known) => !found.agents.some((agent) => agent.id === known.id))];
  const able = found.agents.filter(({ presence: now, room }) => now === "available" && room >= weight);
  const given = await ask("transfer", [
    { name: "queue", label: "toQueue", options: found.queues.map(({ name, title }) => [name, title]) },
    { name: "agent", label: "toAgent", options: [["", "–"], ...able.map((a) => [a.id, say("hasRoom", a)])] },
    { name: "note", label: "note" },
  ], "transfer");
  if (!given || !desk) return;
  const to = given.agent ? { to_agent: given.agent } : { to_queue: given.queue };
  desk.actions.start("transfer", id, { ...to, note: given.note });
}

async function close() {
  const id = desk.chosen;
  const given = await ask("close", [{ name: "code", label: "code", options: choices(RESULTS) }, { name: "note", label: "note" }], "close");
  if (given) desk?.actions.start("close", id, given);
}

/** An action was answered. Refused: a reply stays in the transcript with its reason, of anything else we are told. */
function settled({ id, verb, conversation, state, code, detail, body, version }) {
  const each = desk?.store.all.get(conversation);
  if (state === "refused") {
    if (verb !== "reply") { notice(`${verb === "presence" ? "" : `${say(verb)}: `}${whyNot({ code, detail })}`); desk.actions.discard(id); }
    if (each) desk.store.read(conversation);
    return;
  }
  if (verb === "presence") Object.assign(desk.store, { presence: body.presence, reason: body.reason });
  if (["accept", "decline"].includes(verb)) desk.answered.add(`${conversation}:${body.fence}`);
  if (verb === "accept" && !$("reply").value) choose(conversation);
  if (each && version > each.version) setTimeout(() => { if (each.version < version) desk?.store.read(conversation); }, 3_000);
}

// --- shown: only what a person could see ---------------------------------------------------------------------

const watcher = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) target.visible = isIntersecting;
  tellShown();
}, { threshold: 0.5 });

function tellShown() {
  if (document.hidden || !desk) return;
  for (const card of $("offers").children) {
    const { id, state } = card.offer;
    if (card.visible && !card.told) card.told = desk.socket.send({ type: "shown", conversation: id, fence: state.fence });
  }
}

// --- wiring --------------------------------------------------------------------------------------------------

let lastTyped = 0;
function keys(event) {
  const at = document.activeElement, card = $("offers").firstElementChild;
  if (at === $("reply")) lastTyped = event.key === "Enter" && !at.value ? lastTyped : performance.now();
  const modified = event.ctrlKey || event.altKey || event.metaKey || event.shiftKey || event.isComposing || event.repeat;
  if (!desk || !card || modified || $("ask").open) return;
  const free = at === document.body || (at === $("reply") && !at.value) || at === $("who") || at === $("transcript");
  const calm = performance.now() - Math.max(card.since, lastTyped) > CALM_MS;
  if (desk.actions.of(card.offer.id).length) return;
  if (event.key === "Escape") { event.preventDefault(); decline(card.offer); }
  else if (event.key === "Enter" && free && calm) { event.preventDefault(); accept(card.offer); }
}

function composerKeys(event) {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.defaultPrevented || touch.matches) return;
  event.preventDefault();
  if (event.target.value) $("composer").requestSubmit();
}

async function signIn(event) {
  event.preventDefault();
  const form = event.target, button = form.querySelector("button"), error = $("sign-in-error");
  button.disabled = true;
  error.textContent = "";
  try {
    const { login, password } = Object.fromEntries(new FormData(form));
    const { agent } = await request("POST", "/session", { login, password });
    form.elements.password.value = "";
    await start(agent);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    error.textContent = problem.code === "too-many-attempts" ? say(problem.code, { s: problem.retryAfter || 60 }) : whyNot(problem);
  } finally {
    button.disabled = false;
  }
}

async function signOut() {
  const failed = await request("DELETE", "/session").then(() => null, (problem) => problem);
  if (failed && failed.status !== 401) notice(whyNot(failed));
  else signedOut("");
}

async function boot() {
  try {
    await start((await request("GET", "/session")).agent);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    if (problem.status === 401) { signedOut(""); return; }
    view("boot", whyNot(problem));
    setTimeout(boot, 2_000 + Math.random() * 3_000);
  }
}

addEventListener("keydown", keys, true);
document.addEventListener("visibilitychange", () => { tellShown(); draw(); });
$("sign-in-form").addEventListener("submit", signIn);
$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("reply").value;
  draft("");
  send(desk.chosen, text);
});
$("reply").addEventListener("input", () => draft($("reply").value));
$("reply").addEventListener("keydown", composerKeys);
$("transcript").addEventListener("scroll", ({ target: t }) => { t.left = t.scrollHeight - t.scrollTop - t.clientHeight > 60; });
new ResizeObserver(stayAtEnd).observe($("transcript"));
for (const [id, act] of Object.entries({
  available: () => presence("available"), away, transfer, close, "sign-out": signOut, back: () => { choose(""); draw(); },
  "wrap-up": () => desk.actions.start("wrap-up", desk.chosen, {}),
})) $(id).addEventListener("click", act);
$("absent").querySelector("button").addEventListener("click", () => presence("available"));
new Worker("/desk/tick.js").onmessage = () => { if (desk) { desk.socket.tick(); desk.actions.pump(); } };
speak(navigator.language);
boot();
