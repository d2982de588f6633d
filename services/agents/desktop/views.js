// What is on the screen, from what is known. Every function may be called at any time and shows the present.
import { clock } from "/desk/api.js";
import { $, h, keyed, put } from "/desk/ask.js";
import { segments } from "/desk/segments.js";
import { wordsOf } from "/desk/store.js";
import { has, locale, say } from "/desk/words.js";

export const touch = matchMedia("(pointer: coarse)");
export const whyNot = ({ code, detail }) => (has(code) ? say(code) : detail || code);
const time = (at) => new Date(at).toLocaleTimeString(locale(), { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const nameOf = (state) => state.display || state.contact || "…";
const lastWords = ({ state, messages }) => {
  const last = messages.findLast((message) => message.direction === "inbound");
  return last ? wordsOf(last.parts) : state.last_words || "…";
};
const clockText = (ms) => `${Math.floor(ms / 60_000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, "0")}`;

const passedText = (desk, { passed }) => (
  passed && passed.from !== desk.me.id ? say("passedOn", { from: desk.agentName(passed.from), note: passed.note || "–" }) : "");

/** An unanswered operation in words. */
export function stateOfAction(action, live) {
  if (action.state === "refused") return say("failed", { why: whyNot(action) });
  if (action.state === "saved") return say("saved");
  if (!live) return say("offline");
  return say({ sending: "saving", pending: "pending", waiting: "waiting" }[action.state]);
}

export const offerKey = ({ state }) => `${state.id}:${state.fence}`;

/** `desk`: store, actions, live. `on`: accept(offer), decline(offer), appeared(element). */
export function showOffers(desk, on) {
  keyed($("offers"), desk.store.offers().filter((offer) => !desk.answered.has(offerKey(offer))), {
    key: offerKey,
    make: (offer) => {
      const card = h("article", { className: "card" },
        h("h2", {}), h("p", { className: "words" }), h("p", { className: "passed soft" }), h("progress", { max: Math.max(1, offer.state.deadline - clock.now()) }),
        h("p", { className: "row" }, h("span", { className: "soft", role: "timer", ariaLive: "off" }),
          h("button", { onclick: () => on.decline(card.offer) }),
          h("button", { className: "primary", onclick: () => on.accept(card.offer) })));
      card.since = performance.now();
      card.querySelector("progress").setAttribute("aria-hidden", "true");
      on.appeared(card);
      return card;
    },
    update: (card, offer) => {
      card.offer = offer;
      const underway = desk.actions.of(offer.id).find((each) => ["accept", "decline"].includes(each.verb));
      put(card.querySelector("h2"), `${say("offer")}: ${nameOf(offer.state)} · ${desk.queueTitle(offer.state.queue)}`);
      put(card.querySelector(".words"), lastWords(offer));
      put(card.querySelector(".passed"), passedText(desk, offer));
      const left = Math.max(0, offer.state.deadline - clock.now());
      card.querySelector("progress").value = left;
      put(card.querySelector("span"), underway ? stateOfAction(underway, desk.live) : left ? `${Math.round(left / 1000)} s` : say("timeOver"));
      const hints = touch.matches || card.previousElementSibling ? ["", ""] : [" (Esc)", " (Enter)"]; // keys answer the first
      card.querySelectorAll("button").forEach((button, place) => {
        put(button, say(["decline", "accept"][place]) + hints[place]);
        button.disabled = Boolean(underway);
      });
    },
  });
}

function statusText(desk, { state }) {
  if (state.status === "closed") return say("closed");
  if (![state.owner, state.keeps].includes(desk.me.id)) return say("notMine");
  const left = state.status === "wrapping-up" && state.wrap_until ? ` ${clockText(Math.max(0, state.wrap_until - clock.now()))}` : "";
  return say(state.status, { to: desk.agentName(state.offered_to), queue: desk.queueTitle(state.queue) }) + left;
}

export function showList(desk, choose) {
  keyed($("list"), desk.store.own(), {
    key: ({ id }) => id,
    make: ({ id }) => h("button", { onclick: () => choose(id) }, h("strong", {}), h("span", { className: "unread" }),
      h("span", { className: "words" }), h("span", { className: "state soft" })),
    update: (row, each) => {
      const [name, unread, words, state] = row.children;
      put(name, nameOf(each.state));
      put(unread, each.unread ? String(each.unread) : "");
      put(words, lastWords(each));
      put(state, [desk.queueTitle(each.state.queue), statusText(desk, each)].join(" · "));
      row.setAttribute("aria-current", String(each.id === desk.chosen));
    },
  });
  const empty = !desk.store.own().length;
  $("nothing").className = empty ? "" : "choose";
  put($("nothing").firstElementChild, say(!empty ? "choose" : desk.store.presence === "available" ? "none" : "isAway"));
}

const deliveryText = ({ status, status_text: why, possible_duplicate: twice }) =>
  [status === "failed" ? say("failed", { why: why || "?" }) : say(status ?? "saved"), twice && say("twice")].filter(Boolean).join(" · ");

function lines(desk, each) {
  const said = each.messages.map((message) => ({
    id: message.id, out: message.direction === "outbound", words: wordsOf(message.parts), at: message.at,
    bad: message.status === "failed", foot: message.direction === "outbound" ? deliveryText(message) : "",
    verbs: message.status === "failed" && each.state.owner === desk.me.id ? ["again"] : [],
  }));
  const unsaid = desk.actions.of(each.id).filter((action) => action.verb === "reply").map((action) => ({
    id: action.id, out: true, words: action.body.text, at: action.at, bad: action.state === "refused",
    foot: stateOfAction(action, desk.live), verbs: action.state === "refused" ? ["again", "edit", "discard"] : [],
  }));
  return [...said, ...unsaid];
}

/** The newest message stays in sight, also when the list grows smaller, unless the reader has scrolled back. */
export function stayAtEnd() {
  if (!$("transcript").left) $("transcript").scrollTop = $("transcript").scrollHeight;
}

/** `on`: again, edit or discard (line). */
export function showConversation(desk, on) {
  const each = desk.store.all.get(desk.chosen);
  $("conversation").hidden = !each;
  $("nothing").hidden = Boolean(each);
  document.body.toggleAttribute("data-open", Boolean(each));
  if (!each) return;
  const list = $("transcript"), { state } = each, mine = state.owner === desk.me.id && state.status !== "closed";
  if (list.dataset.of !== each.id) list.left = false;
  list.dataset.of = each.id;
  put($("who"), nameOf(state));
  put($("about"), [state.contact, state.account, statusText(desk, each), passedText(desk, each)].filter(Boolean).join(" · "));
  keyed(list, lines(desk, each), {
    key: ({ id }) => id,
    make: ({ out }) => h("li", { className: out ? "out" : "" }, h("p", {}), h("time", {}), h("span", {}), h("div", {})),
    update: (item, line) => {
      const [words, at, foot, verbs] = item.children;
      put(words, line.words);
      put(at, line.foot ? `${time(line.at)} · ` : time(line.at));
      put(foot, line.foot);
      foot.className = line.bad ? "bad" : "soft";
      const update = (button, verb) => { button.onclick = () => on[verb](line); };
      keyed(verbs, line.verbs, { key: (verb) => verb, make: (verb) => h("button", { textContent: say(verb) }), update });
    },
  });
  stayAtEnd();
  $("transfer").disabled = !mine || state.status === "offered";
  $("wrap-up").disabled = !mine || state.status !== "active";
  $("close").disabled = !mine;
  $("reply").disabled = !mine || state.opted_out;
  $("composer").querySelector("button").disabled = $("reply").disabled;
  showCount(state);
}

export function showCount(state) {
  const text = $("reply").value;
  if (state.opted_out) put($("count"), say("optedOut"));
  else put($("count"), text && /sms/.test(state.channel) ? say("count", segments(text)) : "");
}

export function showBar(desk) {
  const { presence, reason } = desk.store, offers = desk.store.offers();
  const unread = desk.store.own().reduce((sum, { unread: n }) => sum + n, 0);
  put($("me"), `${desk.me.name} (${desk.me.login})`);
  $("available").setAttribute("aria-pressed", String(presence === "available"));
  $("away").setAttribute("aria-pressed", String(presence === "away"));
  put($("away"), presence === "away" && reason && reason !== "missed" ? `${say("away")}: ${say(reason)}` : say("away"));
  put($("link"), desk.live ? "" : say("connecting"));
  $("link").hidden = desk.live;
  put($("absent").firstElementChild, say(reason === "missed" ? "missed" : "isAway"));
  $("absent").hidden = presence === "available" || !desk.live;
  const left = offers.length ? Math.max(0, Math.round((offers[0].state.deadline - clock.now()) / 1000)) : 0;
  document.title = offers.length ? `● ${say("offer")} (${left} s)` : unread ? `(${unread}) Trunkline` : "Trunkline";
}
