// Files of a reply: what the channel takes, what is on its way to the server, and what was kept there for the reply.
import { newId } from "../api/client";
import type { ChannelLimits, Plan, Uploaded } from "../api/schema";
import { numberOf, say, sizeOf, whyNot } from "../words";
import type { Drafts } from "./drafts";

export type Attached = Uploaded;

/** On its way, or refused: then `problem` says why. */
export interface Upload {
  id: string;
  name: string;
  size: number;
  /** Bytes that have left. */
  sent: number;
  problem: string;
}

type Rule = NonNullable<ChannelLimits["files"]>;

/** What files the channel takes; null if it takes none, or nobody has told yet. */
export const fileRule = (plan: Plan, channel: string): Rule | null =>
  plan.channels.find((each) => each.name === channel)?.files ?? null;

/** What the agent is told before they choose one. */
export const ruleWords = (rule: Rule): string =>
  say("fileLimits", { count: rule.max_count, most: sizeOf(rule.max_bytes) });

/** Why one more file cannot go along; empty if it can. The type is for the server to tell: it sees the bytes. */
export function problemOf(rule: Rule | null, others: { size: number }[], size: number): string {
  if (!rule) return say("noFiles");
  if (size === 0) return say("fileEmpty");
  if (size > rule.max_bytes) return say("fileTooLarge", { most: sizeOf(rule.max_bytes) });
  if (others.length >= rule.max_count) return say("tooManyFiles", { most: numberOf(rule.max_count) });
  const total = others.reduce((sum, each) => sum + each.size, size);
  return rule.total_bytes && total > rule.total_bytes ? say("filesTooLarge", { most: sizeOf(rule.total_bytes) }) : "";
}

/** Sends one file; `told` is called as it goes, and with what came of it. Gives what stops it. */
export type Send = (
  path: string, file: File, told: { sent(bytes: number): void; kept(file: Uploaded): void; failed(status: number, body: string): void },
) => () => void;

export class Uploads {
  private readonly all = new Map<string, (Upload & { stop: () => void })[]>();

  constructor(private readonly drafts: Drafts, private readonly plan: () => Plan, private readonly changed: () => void, private readonly post: Send = sendFile) {}

  of(conversation: string): Upload[] {
    return this.all.get(conversation) ?? [];
  }

  add(conversation: string, channel: string, files: Iterable<File>): void {
    const rule = fileRule(this.plan(), channel);
    for (const file of files) this.begin(conversation, rule, file);
    this.changed();
  }

  /** Forget one that is on its way or was refused. */
  remove(conversation: string, id: string): void {
    const list = this.all.get(conversation) ?? [];
    list.find((each) => each.id === id)?.stop();
    this.all.set(conversation, list.filter((each) => each.id !== id));
    this.changed();
  }

  /** Forget one that is kept for the reply. */
  detach(conversation: string, file: string): void {
    this.drafts.write(conversation, { files: (this.drafts.draft(conversation).files ?? []).filter((each) => each.file !== file) });
  }

  stop(): void {
    for (const each of [...this.all.values()].flat()) each.stop();
    this.all.clear();
  }

  private begin(conversation: string, rule: Rule | null, file: File): void {
    const list = this.all.get(conversation) ?? [];
    const others = [...(this.drafts.draft(conversation).files ?? []), ...list.filter(({ problem }) => !problem)];
    const problem = problemOf(rule, others, file.size);
    const each = { id: newId(), name: file.name, size: file.size, sent: 0, problem, stop: () => undefined };
    this.all.set(conversation, [...list, each]);
    if (!problem) this.send(conversation, each, file);
  }

  private send(conversation: string, each: Upload & { stop: () => void }, file: File): void {
    const path = `/api/v1/conversations/${encodeURIComponent(conversation)}/files?name=${encodeURIComponent(file.name)}`;
    each.stop = this.post(path, file, {
      sent: (bytes) => {
        each.sent = bytes;
        this.changed();
      },
      kept: (kept) => {
        this.drafts.write(conversation, { files: [...(this.drafts.draft(conversation).files ?? []), kept] });
        this.remove(conversation, each.id);
      },
      failed: (status, body) => {
        each.problem = refusal(status, body);
        this.changed();
      },
    });
  }
}

const REFUSALS: Record<string, "fileNotTaken" | "fileEmpty" | "noFiles"> = { "not-taken": "fileNotTaken", empty: "fileEmpty", "no-files": "noFiles" };

function refusal(status: number, body: string): string {
  if (!status) return say("unreachable");
  const { code = "", detail = "" } = detailsOf(body), words = REFUSALS[code];
  return words ? say(words) : whyNot({ code, detail: detail || String(status) });
}

/** A problem's details; nothing of what a proxy may say instead. */
function detailsOf(body: string): { code?: string; detail?: string } {
  try {
    return JSON.parse(body) as { code?: string; detail?: string };
  } catch {
    return {};
  }
}

/** By XMLHttpRequest: `fetch` does not tell how much has left. */
const sendFile: Send = (path, file, told) => {
  const request = new XMLHttpRequest();
  request.open("POST", path);
  request.setRequestHeader("X-Trunkline", "1");
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.upload.onprogress = ({ loaded }) => told.sent(loaded);
  request.onload = () => {
    if (request.status === 201) told.kept(JSON.parse(request.responseText) as Uploaded);
    else told.failed(request.status, request.responseText);
  };
  request.onerror = () => told.failed(0, "");
  request.send(file);
  return () => request.abort();
};
