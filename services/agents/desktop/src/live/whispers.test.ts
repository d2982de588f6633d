import { expect, test, vi } from "vitest";
import type { Note } from "../api/schema";
import { blank, stateOf } from "./state";
import { Whispers } from "./whispers";

vi.stubGlobal("document", { hidden: false });

const note = (id: string, agent = "ben"): Note => ({ id, conversation: "0-a", agent, text: id, at: "2026-01-01T00:00:00Z" });

test("a note is there once, at once, and unread where nobody looks", () => {
  const held = blank(stateOf({ id: "0-a", version: 1 }));
  const room = { me: { id: "ana" }, chosen: "", store: { all: new Map([["0-a", held]]) }, watched: { changed: () => undefined } };
  const it = new Whispers(room);
  for (const each of [note("n1"), note("n1"), note("n2", "ana")]) it.heard({ type: "note", conversation: "0-a", note: each });
  it.heard({ type: "note", conversation: "0-b", note: note("n3") });
  expect(held.unread).toBe(1);
  room.chosen = "0-a";
  it.heard({ type: "note", conversation: "0-a", note: note("n4") });
  expect(held.unread).toBe(1);
  expect(it.beside("0-a", [note("n1")]).map(({ id }) => id)).toEqual(["n1", "n2", "n4"]);
  expect(it.of("0-b")).toEqual([]);
});
