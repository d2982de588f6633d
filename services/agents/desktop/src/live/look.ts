// A mail's own look, for a frame in which nothing runs and nothing is loaded.
import { api, want } from "../api/client";

const MOST_PICTURES = 20, PICTURE_BYTES = 2_000_000;
const PICTURE = /cid:([0-9a-f]{64})/g;

// The server has cleaned it; this holds whatever it overlooked. It stands first, so that it counts for all that follows.
// Letters that the mail does not choose are the desk's.
const POLICY = `<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"><style>body { font: 15px/1.45 system-ui, sans-serif }</style>`;

/** The whole document of the frame, the mail's own pictures within it; a Problem if it cannot be read. */
export async function readLook(conversation: string, digest: string): Promise<string> {
  const html: unknown = await want(api.GET(MEDIA, { params: { path: { conversation, digest } }, parseAs: "text" }));
  if (typeof html !== "string") throw new Error("no text");
  const digests = [...new Set([...html.matchAll(PICTURE)].map(([, found = ""]) => found))].slice(0, MOST_PICTURES);
  const pictures = new Map(await Promise.all(digests.map(async (one) => [one, await readPicture(conversation, one)] as const)));
  return POLICY + html.replace(PICTURE, (whole, one: string) => pictures.get(one) ?? whole);
}

const MEDIA = "/api/v1/conversations/{conversation}/media/{digest}";

/** As a `data:` address; empty for what is no picture, or too large to be held twice. */
async function readPicture(conversation: string, digest: string): Promise<string> {
  const blob: unknown = await want(api.GET(MEDIA, { params: { path: { conversation, digest } }, parseAs: "blob" }));
  if (!(blob instanceof Blob) || !blob.type.startsWith("image/") || blob.size > PICTURE_BYTES) return "";
  return new Promise((answer, fail) => {
    const reader = new FileReader();
    reader.onload = () => answer(reader.result as string);
    reader.onerror = () => fail(reader.error ?? new Error("unreadable"));
    reader.readAsDataURL(blob);
  });
}
