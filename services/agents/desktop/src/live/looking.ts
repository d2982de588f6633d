// Who else looks at what I have open, and that I do: told to each other's desks, and kept for nobody.
export type Doing = "looks" | "note" | "reply";

export interface Looker {
  id: string;
  name: string;
  doing: Doing;
}

const WRITES_MS = 4_000, AGAIN_MS = 20_000, NOBODY: Looker[] = [];

export class Looking {
  private open = "";
  private doing: Doing = "looks";
  private told = "";
  private toldAt = 0;
  private others = NOBODY;
  private pause = 0;

  /** `send` is false without a connection; `hidden` is whether nobody can see this window. */
  constructor(
    private readonly send: (frame: object) => boolean,
    private readonly hidden: () => boolean,
    private readonly changed: () => void,
  ) {}

  /** This conversation is on the screen now; the answer takes it off again. */
  at(conversation: string): () => void {
    this.turn(conversation);
    return () => {
      if (this.open === conversation) this.turn("");
    };
  }

  private turn(conversation: string): void {
    clearTimeout(this.pause);
    this.open = conversation;
    this.doing = "looks";
    this.others = NOBODY;
    this.tell();
  }

  /** I write there; told until no key was pressed for a while. */
  writing(doing: "note" | "reply"): void {
    clearTimeout(this.pause);
    this.pause = window.setTimeout(() => {
      this.doing = "looks";
      this.tell();
    }, WRITES_MS);
    this.doing = doing;
    this.tell();
  }

  /** A new connection knows nothing of me, nor have I heard anything by it. */
  welcome(): void {
    this.told = "";
    this.others = NOBODY;
    this.tell();
  }

  /** What is to be said, if it was not; now and then again, for whoever could not take it. Cheap, call it often. */
  tell(): void {
    const conversation = this.hidden() ? "" : this.open;
    const words = `${conversation} ${this.doing}`, old = conversation !== "" && Date.now() - this.toldAt > AGAIN_MS;
    if (words === this.told && !old) return;
    if (!this.send({ type: "looking", conversation, doing: this.doing })) return;
    this.told = words;
    this.toldAt = Date.now();
  }

  /** Who is there besides me. */
  heard(conversation: string, agents: Looker[]): void {
    if (conversation !== this.open) return;
    this.others = agents;
    this.changed();
  }

  /** Who else has it open. */
  of(conversation: string): Looker[] {
    return conversation === this.open ? this.others : NOBODY;
  }
}
