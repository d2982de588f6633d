// The desk of who is signed in: everything follows from what the socket tells and what the agent does.
import { api, clock, Problem, want } from "../api/client";
import type { Agent } from "../api/schema";
import { whyNot } from "../words";
import { Actions, type Action, type Body, type Then } from "./actions";
import { chime, notify } from "./attention";
import { Bell } from "./bell";
import { tellByItself } from "./byItself";
import { takingOver, tellAsked } from "./consulting";
import { Drafts } from "./drafts";
import { Uploads } from "./files";
import type { Welcome } from "./frames";
import { Looking } from "./looking";
import { filesOfBody, replyBody, textOfBody } from "./mail";
import { Names } from "./names";
import { Notices } from "./notices";
import { offerKey } from "./offer";
import { Opening } from "./opening";
import { Pointing } from "./pointing";
import { readPrefs, writePrefs, type Prefs } from "./prefs";
import { Signals } from "./signals";
import { recallSnoozed } from "./snoozed";
import { endSession, isOver } from "./session";
import { NOTHING_SOUGHT, type Sought } from "./sought";
import { DeskSocket } from "./socket";
import { lastWords, type Held } from "./state";
import { Store } from "./store";
import { Watched } from "./watched";
import { Whispers } from "./whispers";
import { whoOf } from "./who";

const WROTE = "trunkline.conversation.message-added.v1";

/** A conversation on the screen that need not be mine. */
export interface Viewed {
  id: string;
  status: string;
  owner: string;
}

export class Desk {
  readonly watched = new Watched(() => this.settle());
  readonly store: Store;
  readonly actions: Actions;
  readonly drafts: Drafts;
  readonly uploads: Uploads;
  readonly names: Names;
  readonly signals: Signals;
  readonly looking: Looking;
  readonly whispers = new Whispers(this);
  readonly socket: DeskSocket;
  live = false;
  /** Since when there is no line, by the server's clock. */
  lostAt = clock.now();
  chosen = "";
  /** What History shows. */
  viewed: Viewed | null = null;
  /** What History looks for. */
  sought = NOTHING_SOUGHT;
  readonly pointing = new Pointing();
  /** To be chosen when it comes. */
  private wanted = "";
  prefs = readPrefs();
  readonly opening = new Opening(this.watched.changed);
  readonly notices = new Notices(this.watched.changed);
  /** Offers answered here, by `id:fence`: their cards are gone before the log says so. */
  readonly answered = new Set<string>();
  private readonly ticker = new Worker(new URL("./tick.ts", import.meta.url), { type: "module" });
  private readonly bell = new Bell({
    chime, now: () => performance.now(), notify: (offer) => notify(whoOf(offer.state), lastWords(offer), offerKey(offer)),
  });
  private stopped = false;

  constructor(readonly me: Agent, device: string, private readonly signedOut: () => void) {
    if (sessionStorage.getItem("agent") !== me.id) sessionStorage.removeItem("actions");
    sessionStorage.setItem("agent", me.id);
    this.actions = new Actions(
      { send: (frame) => this.socket.send(frame), changed: this.watched.changed, settled: (action) => this.settled(action) },
      sessionStorage,
    );
    // What is typed must be on the screen before the next key: a controlled box would take the last one back.
    this.drafts = new Drafts(me.id, this.watched.draw);
    this.signals = new Signals(me.id, (frame) => this.socket.send(frame), this.watched.changed);
    this.looking = new Looking((frame) => this.socket.send(frame), () => document.hidden, this.watched.changed);
    this.names = new Names(me, this.watched.changed);
    this.uploads = new Uploads(this.drafts, () => this.names.plan, this.watched.changed);
    this.store = new Store(me.id, {
      changed: this.watched.changed,
      keeps: (id) => this.actions.of(id).length > 0, seen: (id) => id === this.chosen && !document.hidden,
      done: (operation) => this.actions.done(operation), fetch: (id) => this.fetch(id),
      heard: (held) => notify(whoOf(held.state), lastWords(held), held.id),
      decided: (what, held) => tellByItself(this, what, held), asked: (held) => tellAsked(this, held),
    });
    this.socket = new DeskSocket(device, {
      welcome: (frame) => this.welcome(frame),
      event: (event) => {
        clock.learn(event.time);
        if (event.type === WROTE) this.signals.wrote(event.subject);
        this.store.event(event);
      },
      typing: (conversation) => this.signals.heard(conversation), note: (frame) => this.whispers.heard(frame),
      looking: ({ conversation, agents }) => this.looking.heard(conversation, agents),
      answer: (frame) => this.actions.answer(frame), signedOut,
      link: (live) => {
        if (this.live && !live) this.lostAt = clock.now();
        this.live = live;
        this.watched.changed();
      },
      refused: () => void isOver().then((over) => over && signedOut()),
    });
  }

  start(): void {
    this.ticker.onmessage = () => this.tick();
    document.addEventListener("visibilitychange", this.watched.changed);
    this.socket.connect();
    void this.names.learn();
    void this.drafts.load();
  }

  stop(): void {
    this.stopped = true;
    this.ticker.terminate();
    document.removeEventListener("visibilitychange", this.watched.changed);
    for (const each of [this.socket, this.uploads, this.drafts, this.names]) each.stop();
  }

  /** Before the screen follows. */
  private settle(): void {
    this.looking.tell();
    if (this.store.all.get(this.wanted)?.state.owner === this.me.id) this.chosen = this.wanted;
    if (this.chosen === this.wanted) this.wanted = "";
    const chosen = this.store.all.get(this.chosen);
    if (!chosen) this.chosen = "";
    else if (!document.hidden) {
      this.notices.seen(chosen.id);
      chosen.unread = 0;
      this.signals.seen(chosen);
    }
    this.bell.ring(this.offers(), this.prefs.sound);
  }

  offers(): Held[] {
    return this.store.offers().filter((offer) => !this.answered.has(offerKey(offer)));
  }

  current(): Held | undefined {
    return this.store.all.get(this.chosen);
  }

  // --- what one does with it -------------------------------------------------------------------------------

  /** One that was just begun may be told by the answer before the socket brings it: it is chosen when it comes. */
  readonly choose = (id: string): void => {
    const here = !id || this.store.all.has(id);
    this.chosen = here ? id : "";
    this.wanted = here ? "" : id;
    this.watched.changed();
  };

  /** What History shows now; null: nothing. */
  view(one: Viewed | null): void {
    this.viewed = one;
    this.watched.changed();
  }

  /** What History looks for; it is kept for when one comes back there. */
  seek(sought: Sought): void {
    this.sought = sought;
    this.watched.changed();
  }

  /** The neighbour in the list, 1 below, -1 above. */
  step(by: number): void {
    const list = [...this.store.own(), ...this.store.consulted(), ...this.store.snoozed()], at = list.findIndex(({ id }) => id === this.chosen);
    const next = list[at < 0 ? 0 : Math.min(list.length - 1, Math.max(0, at + by))];
    if (next) this.choose(next.id);
  }

  prefer(change: Partial<Prefs>): void {
    this.prefs = { ...this.prefs, ...change };
    writePrefs(this.prefs);
    this.watched.changed();
  }

  /** The latest word counts: an earlier one that is still under way is taken back. */
  present(presence: "available" | "away", reason = ""): void {
    for (const each of this.actions.of("")) if (each.verb === "presence") this.actions.discard(each.id);
    this.actions.start("presence", "", { presence, reason });
  }

  /** No new work for an agent, or work again; the latest word counts here, too. */
  drain(agent: string, draining: boolean): void {
    for (const each of this.actions.of("")) if (each.verb === "drain" && each.body.agent === agent) this.actions.discard(each.id);
    this.actions.start("drain", "", { agent, draining });
  }

  /** Reply; then, if asked, do something else, but not if the reply fails. */
  reply(id: string, body: Body, then?: Then): void {
    if (!textOfBody(body).trim() && !filesOfBody(body).length) return;
    const reply = this.actions.start("reply", id, body);
    if (then) this.actions.start(then.verb, id, then.body, reply.id);
  }

  /** Close or put off; if asked, first send the begun reply. */
  end(id: string, afterReply: boolean, then: Then): void {
    if (afterReply && this.drafts.says(id)) this.send(id, then);
    else this.actions.start(then.verb, id, then.body);
  }

  /** Send the begun reply. */
  send(id: string, then?: Then): void {
    const { reply, head, files } = this.drafts.draft(id);
    this.drafts.write(id, { reply: "", head: null, files: [] });
    this.reply(id, replyBody(reply, head ?? null, files), then);
  }

  /** Take back what was put off: it waits again, and comes to me first. */
  wake(id: string): void {
    this.actions.start("wake", id, {});
  }

  /** Mine now, by being consulted or else by a supervisor's word, whoever has it; chosen as soon as it is here. */
  takeOver(id: string): void {
    this.actions.start(takingOver(this.store, id), id, {});
    this.wanted = id;
  }

  async signOut(): Promise<void> {
    const problem = await endSession();
    if (problem) this.notices.problem(whyNot(problem));
    else this.signedOut();
  }

  // --- what the server says --------------------------------------------------------------------------------

  private welcome(frame: Welcome): void {
    const { store, actions } = this;
    Object.assign(this.me, frame.agent);
    if (frame.presence !== store.presence) store.reason = "";
    store.presence = frame.presence;
    store.draining = frame.draining;
    if (!frame.resumed) store.snapshot(frame.snapshot?.conversations ?? []);
    if (!frame.resumed) void recallSnoozed(this.me.id, store, () => this.stopped);
    for (const id of actions.conversations()) if (!store.all.has(id)) void store.read(id);
    setTimeout(() => actions.reconnected());
    this.looking.welcome();
    this.watched.changed();
  }

  private async fetch(conversation: string) {
    try {
      return await want(api.GET("/api/v1/conversations/{conversation}", { params: { path: { conversation } } }));
    } catch (problem) {
      if (problem instanceof Problem) return null; // read again while it is behind
      throw problem;
    }
  }

  /** An action was answered. A refused reply stays in the transcript with its reason; of anything else we are told. */
  private settled({ id, verb, conversation, state, code, detail, body, version }: Action): void {
    const held = this.store.all.get(conversation), answered = ["accept", "decline"].includes(verb);
    if (answered && (state !== "refused" || code === "taken")) this.answered.add(`${conversation}:${body.fence ?? 0}`);
    if (state === "refused") {
      if (verb !== "reply") {
        this.notices.problem(whyNot({ code, detail }, verb));
        this.actions.discard(id);
      }
      if (held) void this.store.read(conversation);
      return;
    }
    this.store.spoke(verb, body);
    if (verb === "accept" && !this.drafts.of(this.chosen)) this.choose(conversation);
    if (held && version > held.version) setTimeout(() => this.catchUp(held, version), 3_000);
  }

  /** Its event should have come: if the socket lost it, the record has it. */
  private catchUp(held: Held, version: number): void {
    if (!this.stopped && held.version < version) void this.store.read(held.id);
  }

  private tick(): void {
    this.socket.tick();
    this.actions.pump();
    this.looking.tell();
    this.notices.tick();
    this.bell.ring(this.offers(), this.prefs.sound);
  }
}
