// What has the focus in a line that waits, on the Live page: what the key for moving it means.
export interface Pointed {
  id: string;
  front: boolean;
  /** Why it is to be moved. */
  note: string;
}

export class Pointing {
  at: Pointed | null = null;

  to(place: Pointed | null): void {
    this.at = place;
  }
}
