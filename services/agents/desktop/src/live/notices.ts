// What is said to the agent in passing: problems until they are put away, news for a while.
const MOST = 3, NEWS_MS = 20_000;

export interface Notice {
  id: number;
  words: string;
  /** What is news shows calmly, and goes by itself: what it tells of can be seen elsewhere. */
  news: boolean;
  /** The conversation it tells of. */
  about: string;
  until: number;
}

export class Notices {
  all: Notice[] = [];
  private last = 0;

  constructor(private readonly changed: () => void, private readonly now = () => performance.now()) {}

  /** Something was not done. */
  problem(words: string): void {
    this.add({ words, news: false, about: "", until: Infinity });
  }

  /** Something has happened; it goes when its conversation is chosen, or after twenty seconds. */
  news(words: string, about: string): void {
    this.add({ words, news: true, about, until: this.now() + NEWS_MS });
  }

  dismiss(id: number): void {
    this.keep((each) => each.id !== id);
  }

  /** A conversation was chosen: what was news of it has been seen. */
  seen(conversation: string): void {
    this.keep((each) => !each.about || each.about !== conversation);
  }

  /** Let go of what is no news any more. */
  tick(): void {
    this.keep((each) => each.until > this.now());
  }

  private add(fresh: Omit<Notice, "id">): void {
    this.all = [...this.all, { id: ++this.last, ...fresh }].slice(-MOST);
    this.changed();
  }

  private keep(stays: (each: Notice) => boolean): void {
    if (this.all.every(stays)) return;
    this.all = this.all.filter(stays);
    this.changed();
  }
}
