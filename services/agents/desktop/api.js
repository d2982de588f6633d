// The HTTP side of the API, and the server's clock.

/** What the server would not do (RFC 9457), or `code: "unreachable"` when nobody answered. */
export class Problem extends Error {
  constructor(status, { code = "", detail = "", title = "" } = {}, retryAfter = 0) {
    super(detail || title || code);
    Object.assign(this, { status, code, detail: detail || title, retryAfter });
  }
}

const SAMPLES_MS = 300_000;
let samples = [];

/** The server's clock, in ms. A stamp is always a little old, so the youngest-looking of five minutes counts. */
export const clock = {
  learn(stamp) {
    const at = Date.now(), ahead = Date.parse(stamp) - at;
    if (Number.isFinite(ahead)) samples = [...samples.filter((each) => at - each.at < SAMPLES_MS), { at, ahead }].slice(-300);
  },
  now: () => Date.now() + (samples.length ? Math.max(...samples.map((each) => each.ahead)) : 0),
};

/** 32 hex digits. `crypto.randomUUID` would need https; this does not. */
export const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");

/** The answer's JSON (null if it has none); a Problem for anything but success within 15 s. */
export async function request(method, path, body) {
  let response, text;
  try {
    response = await fetch(`/api/v1${path}`, {
      method, credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(15_000),
      headers: method === "GET" ? {} : { "X-Trunkline": "1", "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    text = await response.text();
  } catch {
    throw new Problem(0, { code: "unreachable" });
  }
  clock.learn(response.headers.get("date"));
  let json = null;
  try { json = text ? JSON.parse(text) : null; } catch { /* a proxy's page: the status says enough */ }
  if (response.ok) return json;
  throw new Problem(response.status, json ?? { title: response.statusText }, Number(response.headers.get("retry-after")) || 0);
}
