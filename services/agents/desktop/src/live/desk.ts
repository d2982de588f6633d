// The desk of who is signed in: everything follows from what the socket tells and what the agent does.
import { api, clock, Problem, want } from "../api/client";
import type { Agent, KnownAgent, Plan } from "../api/schema";
import { whyNot } from "../words";
import { Actions, type Action } from "./actions";
import { chime, notify } from "./attention";
import { Drafts } from "./drafts";
import type { Welcome } from "./frames";
import { readPrefs, writePrefs, type Prefs } from "./prefs";
import { DeskSocket } from "./socket";
import { lastWords, type Held } from "./state";
import { Store } from "./store";

const DRAW_MS = 15; // events come in bursts; the screen follows once
const NOTICES = 3;

export interface Notice {
  id: number;
  words: string;
}

export class Desk {
  readonly store: Store;
  readonly actions: Actions;
  readonly drafts: Drafts;
  readonly socket: DeskSocket;
  live = false;
  /** Since when there is no line, by the server's clock. */
  lostAt = clock.now();
  chosen = "";
  prefs = readPrefs();
  plan: Plan = { queues: [], skills: [], channels: [] };
  colleagues: KnownAgent[] = [];
  notices: Notice[] = [];
  /** Offers answered here, by `id:fence`: their cards are gone before the log says so. */
  readonly answered = new Set<string>();
  private readonly listeners = new Set<() => void>();
  private readonly ticker = new Worker(new URL("./tick.ts", import.meta.url), { type: "module" });
  private readonly rung = new Set<string>();
  private revision = 0;
  private drawing = false;
  private stopped = false;

  constructor(readonly me: Agent, device: string, private readonly signedOut: () => void) {
    if (sessionStorage.getItem("agent") !== me.id) sessionStorage.removeItem("actions");
    sessionStorage.setItem("agent", me.id);
    this.actions = new Actions(
      { send: (frame) => this.socket.send(frame), changed: this.changed, settled: (action) => this.settled(action) },
      sessionStorage,
    );
    // What is typed must be on the screen before the next key: a controlled box would take the last one back.
    this.drafts = new Drafts(me.id, () => this.draw());
    this.store = new Store(me.id, {
      changed: this.changed,
      keeps: (id) => this.actions.of(id).length > 0,
      seen: (id) => id === this.chosen && !document.hidden,
      done: (operation) => this.actions.done(operation),
      fetch: (id) => this.fetch(id),
      heard: (held) => notify(held.state.display || held.state.contact, lastWords(held), held.id),
    });
    this.socket = new DeskSocket(device, {
      welcome: (frame) => this.welcome(frame),
      event: (event) => {
        clock.learn(event.time);
        this.store.event(event);
      },
      answer: (frame) => this.actions.answer(frame),
      link: (live) => {
        if (this.live && !live) this.lostAt = clock.now();
        this.live = live;
        this.changed();
      },
      signedOut,
      refused: () => void this.stillSignedIn(),
    });
  }

  start(): void {
    this.ticker.onmessage = () => this.tick();
    document.addEventListener("visibilitychange", this.changed);
    this.socket.connect();
    void this.learnNames();
    void this.drafts.load();
  }

  stop(): void {
    this.stopped = true;
    this.ticker.terminate();
    document.removeEventListener("visibilitychange", this.changed);
    this.socket.stop();
    this.drafts.stop();
  }

  // --- being watched ---------------------------------------------------------------------------------------

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly version = (): number => this.revision;

  readonly changed = (): void => {
    if (this.drawing) return;
    this.drawing = true;
    setTimeout(() => {
      this.drawing = false;
      this.draw();
    }, DRAW_MS);
  };

  private draw(): void {
    const chosen = this.store.all.get(this.chosen);
    if (!chosen) this.chosen = "";
    else if (!document.hidden) chosen.unread = 0;
    this.ring();
    this.revision += 1;
    for (const listener of this.listeners) listener();
  }

  /** An offer that has just come calls, once. */
  private ring(): void {
    for (const offer of this.offers()) {
      const key = offerKey(offer);
      if (this.rung.has(key)) continue;
      this.rung.add(key);
      if (this.prefs.sound) chime();
      notify(offer.state.display || offer.state.contact, lastWords(offer), key);
    }
  }

  // --- what one asks of it ---------------------------------------------------------------------------------

  offers(): Held[] {
    return this.store.offers().filter((offer) => !this.answered.has(offerKey(offer)));
  }

  current(): Held | undefined {
    return this.store.all.get(this.chosen);
  }

  queueTitle(name: string): string {
    return this.plan.queues.find((queue) => queue.name === name)?.title ?? name;
  }

  skillTitle(name: string): string {
    return this.plan.skills.find((skill) => skill.name === name)?.title ?? name;
  }

  channelTitle(name: string): string {
    return this.plan.channels.find((channel) => channel.name === name)?.title ?? name;
  }

  agentName(id: string): string {
    return id === this.me.id ? this.me.name : (this.colleagues.find((agent) => agent.id === id)?.name ?? id);
  }

  // --- what one does with it -------------------------------------------------------------------------------

  readonly choose = (id: string): void => {
    this.chosen = id;
    this.changed();
  };

  /** The neighbour in the list, 1 below, -1 above. */
  step(by: number): void {
    const list = this.store.own(), at = list.findIndex(({ id }) => id === this.chosen);
    const next = list[at < 0 ? 0 : Math.min(list.length - 1, Math.max(0, at + by))];
    if (next) this.choose(next.id);
  }

  prefer(change: Partial<Prefs>): void {
    this.prefs = { ...this.prefs, ...change };
    writePrefs(this.prefs);
    this.changed();
  }

  notice(words: string): void {
    this.notices = [...this.notices, { id: performance.now(), words }].slice(-NOTICES);
    this.changed();
  }

  dismiss(id: number): void {
    this.notices = this.notices.filter((notice) => notice.id !== id);
    this.changed();
  }

  /** The latest word counts: an earlier one that is still under way is taken back. */
  present(presence: "available" | "away", reason = ""): void {
    for (const each of this.actions.of("")) this.actions.discard(each.id);
    this.actions.start("presence", "", { presence, reason });
  }

  /** Reply; then, if asked, wrap up or close, but not if the reply fails. */
  reply(id: string, text: string, then?: { verb: "close"; code: string; note: string } | { verb: "wrap-up" }): void {
    if (!text.trim()) return;
    const reply = this.actions.start("reply", id, { text });
    if (then?.verb === "close") this.actions.start("close", id, { code: then.code, note: then.note }, reply.id);
    else if (then) this.actions.start("wrap-up", id, {}, reply.id);
  }

  async signOut(): Promise<void> {
    try {
      await want(api.DELETE("/api/v1/session"));
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (problem.status !== 401) {
        this.notice(whyNot(problem));
        return;
      }
    }
    this.signedOut();
  }

  /** Who is here now; a Problem if nobody says. */
  async meetColleagues(): Promise<void> {
    this.colleagues = (await want(api.GET("/api/v1/colleagues"))).items;
    this.changed();
  }

  // --- what the server says --------------------------------------------------------------------------------

  private welcome(frame: Welcome): void {
    const { store, actions } = this;
    Object.assign(this.me, frame.agent);
    if (frame.presence !== store.presence) store.reason = "";
    store.presence = frame.presence;
    if (!frame.resumed) store.snapshot(frame.snapshot?.conversations ?? []);
    for (const id of actions.conversations()) if (!store.all.has(id)) void store.read(id);
    setTimeout(() => actions.reconnected());
    this.changed();
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
    const held = this.store.all.get(conversation);
    if (state === "refused") {
      if (verb !== "reply") {
        this.notice(whyNot({ code, detail }, verb));
        this.actions.discard(id);
      }
      if (held) void this.store.read(conversation);
      return;
    }
    if (verb === "presence") {
      this.store.presence = body.presence ?? "";
      this.store.reason = body.reason ?? "";
    }
    if (verb === "accept" || verb === "decline") this.answered.add(`${conversation}:${body.fence ?? 0}`);
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
  }

  private async stillSignedIn(): Promise<void> {
    try {
      await want(api.GET("/api/v1/session"));
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (problem.status === 401) this.signedOut();
    }
  }

  /** Titles of queues, skills and channels, and the names of colleagues; until they are here, ids are shown. */
  private async learnNames(): Promise<void> {
    try {
      this.plan = await want(api.GET("/api/v1/queues"));
      await this.meetColleagues();
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (problem.status !== 401 && !this.stopped) setTimeout(() => void this.learnNames(), 5_000);
    }
    this.changed();
  }
}

export const offerKey = ({ state }: Held): string => `${state.id}:${state.fence}`;
