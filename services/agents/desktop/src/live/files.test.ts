import { beforeEach, expect, test, vi } from "vitest";
import type { Plan } from "../api/schema";
import type { Drafts } from "./drafts";
import { problemOf, Uploads, type Attached, type Send } from "./files";

vi.stubGlobal("navigator", { languages: ["en-GB"] });

const RULE = { types: ["image/"], max_bytes: 2_000_000, max_count: 2, total_bytes: 3_000_000 };
const PLAN = { queues: [], skills: [], begins: [], channels: [{ name: "mail", title: "", text_limit: 1, text_unit: "bytes", windows: {}, files: RULE }] } satisfies Plan;

let kept: Attached[] = [];
let sends: { told: Parameters<Send>[2]; stopped: boolean }[] = [];

function uploads(): Uploads {
  const drafts = { draft: () => ({ files: kept }), write: (_: string, { files }: { files: Attached[] }) => (kept = files) };
  const post: Send = (_path, _file, told) => {
    const each = { told, stopped: false };
    sends.push(each);
    return () => void (each.stopped = true);
  };
  return new Uploads(drafts as unknown as Drafts, () => PLAN, () => undefined, post);
}

const fileOf = (name: string, size = 3): File => new File(["x".repeat(size)], name);
const answerFor = (name: string, size = 3): Attached => ({ file: `sealed ${name}`, name, content_type: "image/png", size });

beforeEach(() => {
  kept = [];
  sends = [];
});

test.each([
  [null, [], 1, "This channel takes no files."],
  [RULE, [], 0, "it is empty"],
  [RULE, [], 2_000_001, "too large: at most 2 MB"],
  [RULE, [{ size: 1 }, { size: 1 }], 1, "too many: at most 2"],
  [RULE, [{ size: 1_500_000 }], 1_600_000, "too large together: at most 3 MB"],
  [RULE, [{ size: 1_500_000 }], 1_500_000, ""],
])("what cannot go along is told before it is sent: %#", (rule, others, size, words) => {
  expect(problemOf(rule, others, size)).toBe(words);
});

test("a file is on its way, then kept for the reply", () => {
  const all = uploads();
  all.add("1", "mail", [fileOf("a.png")]);
  sends[0]?.told.sent(2);
  expect(all.of("1").map(({ name, sent }) => [name, sent])).toEqual([["a.png", 2]]);

  sends[0]?.told.kept(answerFor("a.png"));
  expect(all.of("1")).toEqual([]);
  expect(kept).toEqual([answerFor("a.png")]);

  all.detach("1", "sealed a.png");
  expect(kept).toEqual([]);
});

test("what is on its way counts, what was refused does not", () => {
  const all = uploads();
  all.add("1", "mail", [fileOf("a"), fileOf("b"), fileOf("c")]);
  expect(sends).toHaveLength(2);
  expect(all.of("1").map(({ problem }) => problem)).toEqual(["", "", "too many: at most 2"]);

  sends[0]?.told.failed(415, '{"code":"not-taken","detail":"No."}');
  sends[1]?.told.failed(502, "<html>a proxy's page</html>");
  expect(all.of("1").map(({ problem }) => problem).slice(0, 2)).toEqual(["the channel does not take files of this type", "502"]);
  all.add("1", "mail", [fileOf("d")]);
  expect(sends).toHaveLength(3);
});

test("taken back on its way, a file is sent no further", () => {
  const all = uploads();
  all.add("1", "mail", [fileOf("a")]);
  all.remove("1", all.of("1")[0]?.id ?? "");
  expect(sends[0]?.stopped).toBe(true);
  expect(all.of("1")).toEqual([]);
});
