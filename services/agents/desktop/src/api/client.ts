// The HTTP side of the API, typed by docs/openapi.json, and the server's clock.
import createClient from "openapi-fetch";
import type { paths } from "./schema";

const PATIENCE_MS = 15_000;

interface Details {
  code?: string;
  detail?: string;
  title?: string;
}

/** What the server would not do (RFC 9457), or `code: "unreachable"` when nobody answered. */
export class Problem extends Error {
  readonly code: string;
  readonly detail: string;

  constructor(
    readonly status: number,
    { code = "", detail = "", title = "" }: Details = {},
    readonly retryAfter = 0,
  ) {
    super(detail || title || code);
    this.code = code;
    this.detail = detail || title;
  }
}

export const api = createClient<paths>({ baseUrl: "/", credentials: "same-origin", cache: "no-store", fetch: asking });

async function asking(request: Request): Promise<Response> {
  if (request.method !== "GET") request.headers.set("X-Trunkline", "1");
  try {
    const response = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
    clock.learn(response.headers.get("date"));
    return response;
  } catch {
    throw new Problem(0, { code: "unreachable" });
  }
}

/** What was asked for; a Problem for anything but success within 15 s. */
export async function want<T>(answer: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await answer.catch((reason: unknown) => {
    if (reason instanceof Problem) throw reason;
    throw new Problem(0, { code: "unreachable", detail: String(reason) }); // a proxy's page, cut short
  });
  if (response.ok) return data as T;
  const details: Details = typeof error === "object" && error !== null ? error : { title: response.statusText };
  throw new Problem(response.status, details, Number(response.headers.get("retry-after")) || 0);
}

const SAMPLES_MS = 300_000;
let samples: { at: number; ahead: number }[] = [];

/** The server's clock, in ms. A stamp is always a little old, so the youngest-looking of five minutes counts. */
export const clock = {
  learn(stamp: string | null): void {
    const at = Date.now(), ahead = Date.parse(stamp ?? "") - at;
    if (Number.isFinite(ahead)) samples = [...samples.filter((each) => at - each.at < SAMPLES_MS), { at, ahead }].slice(-300);
  },
  now: (): number => Date.now() + (samples.length ? Math.max(...samples.map((each) => each.ahead)) : 0),
};

/** 32 hex digits. `crypto.randomUUID` would need https; this does not. */
export const newId = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
