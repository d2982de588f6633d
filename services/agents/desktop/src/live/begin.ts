// Writing first: to which of a contact's addresses, by which account, and what stands in the way.
import { api, newId, Problem, want } from "../api/client";
import type { ContactCard, Conversation, Message, Panel, Plan } from "../api/schema";

/** An address and an account that can write to it first. */
export interface Way {
  scheme: string;
  address: string;
  display: string;
  account: string;
  channel: string;
}

const PENDING_MS = 2_000, PATIENCE_MS = 30_000;

export interface Whereabouts {
  scheme: string;
  value: string;
  display: string;
}

/** Addresses on a card. */
export const addressesOn = ({ emails, phones, name }: Pick<ContactCard, "emails" | "phones" | "name">): Whereabouts[] => [
  ...emails.map((value) => ({ scheme: "mailto", value, display: name })),
  ...phones.map((value) => ({ scheme: "tel", value, display: name })),
];

/** Whether there is an account by which this agent can write first to such an address. */
export const canBeWrittenTo = ({ scheme }: Whereabouts, { begins }: Plan): boolean => begins.some(({ schemes }) => schemes.includes(scheme));

/**
 * Addresses that the customer left in the conversation, the latest first: a visitor of the chat whom nobody answered
 * wants the answer there. They are not the contact's own: nobody has proved whose they are.
 */
export const addressesLeft = (messages: Pick<Message, "direction" | "parts">[]): Whereabouts[] =>
  messages.filter(({ direction }) => direction === "inbound").flatMap(({ parts }) => parts).reverse()
    .flatMap((part) => (part.kind === "contact-card" ? addressesOn(part) : []));

/** Every way to write first to a contact, each once. */
export function waysTo({ contact }: Panel, { begins }: Plan, left: Whereabouts[] = []): Way[] {
  const ways = [...left, ...contact.addresses].flatMap(({ scheme, value, display }) =>
    begins.filter(({ schemes }) => schemes.includes(scheme)).map(({ account, channel }) => ({ scheme, address: value, display, account, channel })));
  return [...new Map(ways.map((way) => [nameOf(way), way])).values()];
}

/** A name for a way, the same for the same way. */
export const nameOf = ({ account, scheme, address }: Way): string => `${account} ${scheme}:${address}`;

export type Known = Pick<Conversation, "id" | "account" | "scheme" | "address" | "status" | "opted_out" | "owner" | "offered_to">;

/** Of the contact's conversations one may see, the one for which nothing can be begun this way; a mail is a thread of its own. */
export function obstacle({ account, scheme, address }: Way, known: Known[]): Known | undefined {
  if (scheme === "mailto") return undefined;
  return known.find((one) => one.account === account && one.address === address && one.scheme === scheme && (one.status !== "closed" || one.opted_out));
}

/** Open the conversation; its id. The same key for every repeat. A Problem if it cannot be, or is not in the log in time. */
export async function begin({ account, scheme, address, display }: Way, key = newId()): Promise<string> {
  const until = Date.now() + PATIENCE_MS, header = { "idempotency-key": key };
  for (;;) {
    const told = await want(api.POST("/api/v1/conversations", { params: { header }, body: { account, scheme, address, display } }));
    if (told?.status === "done") return told.conversation;
    if (Date.now() > until) throw new Problem(503, { code: "unreachable" });
    await new Promise((resume) => setTimeout(resume, PENDING_MS));
  }
}
