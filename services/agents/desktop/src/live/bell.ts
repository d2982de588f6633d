// Calling for an offer, once: a sound at once, and a notification when it can say what the customer wrote.
import { offerKey } from "./offer";
import { lastWords, type Held } from "./state";

const PATIENCE_MS = 2_000; // the words come from the record a moment after the offer; without it the name must do

interface Calls {
  chime(): void;
  notify(offer: Held): void;
  now(): number;
}

export class Bell {
  /** Offers that have called, and since when they wait for their words; 0: they have said all. */
  private readonly waits = new Map<string, number>();

  constructor(private readonly calls: Calls) {}

  ring(offers: Held[], sound: boolean): void {
    for (const offer of offers) {
      const key = offerKey(offer), since = this.waits.get(key);
      if (since === undefined && sound) this.calls.chime();
      if (since !== 0) this.waits.set(key, this.tell(offer, since ?? this.calls.now()));
    }
  }

  private tell(offer: Held, since: number): number {
    if (!lastWords(offer) && this.calls.now() - since < PATIENCE_MS) return since;
    this.calls.notify(offer);
    return 0;
  }
}
