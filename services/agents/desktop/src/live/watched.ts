// Whom to tell that something changed.
const DRAW_MS = 15; // events come in bursts; the screen follows once

export class Watched {
  private readonly listeners = new Set<() => void>();
  private revision = 0;
  private drawing = false;

  /** `before`: done each time before listeners are told. */
  constructor(private readonly before: () => void) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly version = (): number => this.revision;

  /** Soon. */
  readonly changed = (): void => {
    if (this.drawing) return;
    this.drawing = true;
    setTimeout(() => {
      this.drawing = false;
      this.draw();
    }, DRAW_MS);
  };

  /** At once. */
  readonly draw = (): void => {
    this.before();
    this.revision += 1;
    for (const listener of this.listeners) listener();
  };
}
