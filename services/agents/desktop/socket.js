// The WebSocket: says hello, keeps its place by sequence, comes back by itself.
const WELCOME_MS = 10_000, ALIVE_MS = 10_000, STEADY_MS = 10_000, LONGEST_MS = 10_000;

/** `on`: welcome(frame), event(event), answer(frame), link(live), signedOut(), refused() when it closed before a welcome. */
export class DeskSocket {
  constructor(device, on) {
    Object.assign(this, { device, on, epoch: "", sequence: 0, live: false, tries: 0, beatMs: 15_000, stopped: true });
    addEventListener("online", () => this.stopped || this.live || this.connect());
  }

  connect() {
    clearTimeout(this.timer);
    this.drop();
    this.stopped = false;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = (this.socket = new WebSocket(`${scheme}://${location.host}/api/v1/desk`));
    const hello = { type: "hello", device: this.device, epoch: this.epoch, after: this.sequence };
    socket.onopen = () => socket.send(JSON.stringify(hello));
    socket.onmessage = (message) => this.read(JSON.parse(message.data));
    socket.onclose = ({ code }) => this.closed(code);
    this.timer = setTimeout(() => this.closed(0), WELCOME_MS);
  }

  /** Says nothing more and hears nothing more of the present socket, at once: a dead one closes only minutes later. */
  drop() {
    if (!this.socket) return;
    this.socket.onopen = this.socket.onmessage = this.socket.onclose = null;
    this.socket.close();
    this.socket = null;
  }

  stop() {
    clearTimeout(this.timer);
    this.drop();
    Object.assign(this, { stopped: true, live: false, epoch: "", sequence: 0 });
  }

  closed(code) {
    const lived = this.live ? Date.now() - this.since : 0, welcomed = this.live;
    clearTimeout(this.timer);
    this.drop();
    this.live = false;
    if (code === 4001) { this.stop(); this.on.signedOut(); return; }
    this.tries = lived > STEADY_MS ? 0 : this.tries + 1;
    const ceiling = code === 1013 && this.tries < 2 ? 100 : Math.min(LONGEST_MS, 250 * 2 ** this.tries);
    this.timer = setTimeout(() => this.connect(), Math.random() * ceiling);
    this.on.link(false);
    if (!welcomed) this.on.refused();
  }

  read(frame) {
    this.heard = Date.now();
    if (frame.type === "welcome") this.welcome(frame);
    else if (frame.type === "answer") this.on.answer(frame);
    else if (frame.sequence === this.sequence + 1) { this.sequence += 1; this.on.event(frame.event); }
    else if (frame.sequence > this.sequence) this.hole();
  }

  welcome(frame) {
    clearTimeout(this.timer);
    if (!frame.resumed) Object.assign(this, { epoch: frame.epoch, sequence: frame.sequence });
    const now = Date.now();
    Object.assign(this, { live: true, since: now, beat: now, heard: now, beatMs: frame.heartbeat_s * 1000 });
    this.on.welcome(frame);
    this.on.link(true);
  }

  /** A frame is missing: resume behind the last one; when that does not fill it either, take a snapshot. */
  hole() {
    if (this.holeAt === this.sequence) Object.assign(this, { epoch: "", sequence: 0 });
    this.holeAt = this.sequence;
    this.closed(0);
  }

  send(frame) {
    if (!this.live) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  /** Once a second. Every heartbeat is answered: a line that then says nothing is dead. A long gap is a computer that slept: its socket is most likely dead. */
  tick() {
    const now = Date.now(), slept = now - (this.ticked ?? now) > 2 * this.beatMs;
    this.ticked = now;
    if (!this.live) return;
    if (slept || (this.heard < this.beat && now - this.beat > ALIVE_MS)) { this.closed(0); return; }
    if (now - this.beat >= this.beatMs) { this.beat = now; this.send({ type: "heartbeat" }); }
  }
}
