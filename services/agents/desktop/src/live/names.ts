// What things and people are called; until the server has told, their ids are shown.
import { api, Problem, want } from "../api/client";
import type { Agent, KnownAgent, Named, Plan } from "../api/schema";
import { sayChannel, sayName } from "../words";

const AGAIN_MS = 5_000, STRANGER_MS = 15_000;

const titleOf = (all: Named[], name: string): string => all.find((each) => each.name === name)?.title ?? name;

export class Names {
  plan: Plan = { queues: [], skills: [], channels: [], begins: [] };
  colleagues: KnownAgent[] = [];
  private stopped = false;
  private metAt = 0;

  constructor(private readonly me: Agent, private readonly changed: () => void) {}

  queue(name: string): string {
    return titleOf(this.plan.queues, name);
  }

  skill(name: string): string {
    return titleOf(this.plan.skills, name);
  }

  /** A skill, or all those of a group (`lang.*`), by their titles. */
  skills(name: string): string {
    const group = name.endsWith(".*") ? this.plan.skills.filter((one) => one.name.startsWith(name.slice(0, -1))) : [];
    return group.map(({ title }) => title).join(", ") || this.skill(name);
  }

  channel(name: string): string {
    return sayChannel(name, titleOf(this.plan.channels, name));
  }

  /** What a conversation is on: one account of Twilio serves SMS and WhatsApp. */
  channelOf({ channel, scheme }: { channel: string; scheme: string }): string {
    return scheme === "whatsapp" ? sayName(scheme) : this.channel(channel);
  }

  agent(id: string): string {
    if (id === this.me.id) return this.me.name;
    const known = this.colleagues.find((agent) => agent.id === id);
    if (!known && id) this.meetStrangers();
    return known?.name ?? id;
  }

  /** Agents by their ids with commas between. */
  agents(ids: string): string {
    return ids.split(",").map((id) => this.agent(id)).join(", ");
  }

  /** Somebody was hired after we asked: ask once more, and not again for a while. */
  private meetStrangers(): void {
    if (this.stopped || !this.metAt || Date.now() - this.metAt < STRANGER_MS) return;
    this.metAt = Date.now();
    void this.meetColleagues().catch((problem: unknown) => {
      if (!(problem instanceof Problem)) throw problem; // else the next look at the name asks again
    });
  }

  /** Who is here now; a Problem if nobody says. */
  async meetColleagues(): Promise<void> {
    this.metAt = Date.now();
    this.colleagues = (await want(api.GET("/api/v1/colleagues"))).items;
    this.changed();
  }

  /** Ask until somebody answers. */
  async learn(): Promise<void> {
    try {
      this.plan = await want(api.GET("/api/v1/queues"));
      await this.meetColleagues();
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (problem.status !== 401 && !this.stopped) setTimeout(() => void this.learn(), AGAIN_MS);
    }
    this.changed();
  }

  stop(): void {
    this.stopped = true;
  }
}
