// A mail's head: what an answer says unless the agent says otherwise, and what they say.
import type { Message } from "../api/schema";
import type { Body, SentHead } from "./actions";
import type { Attached } from "./files";
import type { State } from "./frames";

/** As it stands in the composer: `cc` is addresses with commas between them. */
export interface Head {
  subject: string;
  cc: string;
}

type Parts = Message["parts"];
type MailHead = Extract<Parts[number], { kind: "mail" }>;

const ANSWERED = /^(\s*(re|aw|sv|ynt|yan|atb|antw|rif|res|odp|rv)\s*(\[\d+\])?\s*:)+\s*/i;

const headIn = (parts: Parts): MailHead | undefined => parts.find((part) => part.kind === "mail");

/**
 * What the server puts above an answer of which only the words are given: it answers what the customer wrote last, else
 * what we did. Empty for the first of a mail that we begin; null where no mail goes.
 */
export function usualHead({ state, messages }: { state: State; messages: Pick<Message, "direction" | "parts">[] }): Head | null {
  const said = messages.filter(({ direction }) => direction === "inbound");
  const heads = (said.length ? said : messages).flatMap(({ parts }) => headIn(parts) ?? []);
  const last = heads.at(-1), trusted = heads.findLast(({ stranger }) => !stranger);
  if (!last) return state.scheme === "mailto" && !said.length ? { subject: "", cc: "" } : null;
  const others = trusted ? [trusted.sender ?? "", ...trusted.to, ...trusted.cc] : [];
  const cc = new Map(others.filter(Boolean).map((one) => [one.toLowerCase(), one]));
  cc.delete(state.contact.toLowerCase());
  return { subject: `Re: ${last.subject.replace(ANSWERED, "")}`.trim(), cc: [...cc.values()].join(", ") };
}

/** A reply as the server wants it; its head only where the agent changed it, for then it alone counts. */
export function replyBody(text: string, head: Head | null, attached: Attached[] = []): Body {
  const files = attached.length ? { attached } : {};
  if (!head) return { text, ...files };
  return { parts: [sentHead(head), { kind: "text", text }], ...files };
}

function sentHead({ subject, cc }: Head): SentHead {
  return { kind: "mail", subject, cc: cc.split(/[,;]/).map((one) => one.trim()).filter(Boolean) };
}

export const textOfBody = ({ text, parts }: Body): string =>
  text ?? (parts ?? []).map((part) => (part.kind === "text" ? part.text : "")).filter(Boolean).join("\n");

/** The head of a reply that was not sent, to be written on. */
export const headOfBody = ({ parts }: Body): Head | null => shown(parts?.find((part) => part.kind === "mail"));

/** A reply to be sent again: its words under its own head, and its files, which the conversation has. */
export function bodyOfParts(parts: Parts): Body {
  const text = parts.map((part) => (part.kind === "text" ? part.text : "")).filter(Boolean).join("\n");
  const head = shown(headIn(parts)), files = parts.filter((part) => part.kind === "media").filter(({ blob }) => blob);
  if (!files.length) return replyBody(text, head);
  return { parts: [...(head ? [sentHead(head)] : []), ...(text ? [{ kind: "text" as const, text }] : []), ...files] };
}

/** What goes along with a reply, by name. */
export const filesOfBody = ({ attached = [], parts = [] }: Body): string[] =>
  [...parts.filter((part) => part.kind === "media"), ...attached].map((one) => one.name || one.content_type);

const shown = (head: SentHead | MailHead | undefined): Head | null =>
  head ? { subject: head.subject, cc: head.cc.join(", ") } : null;
