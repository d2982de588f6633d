// What became of a reply. The news of it come by another stream than the reply itself, and may be here before it.
import type { DeliveryData, DeliveryStatus } from "./frames";
import { advance, wholeStatus, type Held, type Said } from "./state";

const KEPT = 200;

export interface News {
  type: string;
  conversation: string;
  data: DeliveryData;
}

/** News of messages that are not here yet: the latest, each put to its message as soon as that is here. */
export class Early {
  private kept: News[] = [];

  keep(news: News): void {
    this.kept = [...this.kept, news].slice(-KEPT);
  }

  /** Messages of this conversation came. */
  settle(each: Held): void {
    this.kept = this.kept.filter((news) => news.conversation !== each.id || !told(each, news));
  }
}

/** Put the news to its message, and return that; nothing if it is not here. */
export function told(each: Held, { type, data }: News): Said | undefined {
  const byProvider = ({ provider_ids: ids }: Said) => data.provider_id && ids.includes(data.provider_id);
  const message = each.messages.find((one) => (data.message ? one.id === data.message : byProvider(one)));
  if (!message) return undefined;
  message.provider_ids = [...new Set([...message.provider_ids, ...(data.provider_ids ?? [])])];
  message.possible_duplicate ||= Boolean(data.possible_duplicate);
  const kind = type.split(".")[2];
  if (kind === "sent") goes(message, "sent");
  else if (kind === "failed") goes(message, "failed", data.text);
  else if (kind === "receipt" && data.status) receipt(message, data, data.status);
  else if (kind === "step-accepted" && data.parts) {
    message.pieces = data.parts;
    if (data.parts === 1 && data.status) goes(message, data.status);
  }
  return message;
}

/** Pieces of it were told of before we held it: the record alone knows what became of the whole. */
export const partly = (message: Said): boolean => Object.keys(message.facts ?? {}).length < piecesOf(message);

const piecesOf = (message: Said): number => Math.max(message.pieces ?? 1, message.provider_ids.length);

/** It is as far as this now, unless it was further. */
export function goes(message: Said | undefined, status: DeliveryStatus, text?: string | null): void {
  if (!message || advance(message.status, status) === message.status) return;
  message.status = status;
  message.status_text = text ?? "";
}

function receipt(message: Said, { part = 0, text }: DeliveryData, status: DeliveryStatus): void {
  message.facts = { ...message.facts, [part]: advance(message.facts?.[part], status) };
  const whole = wholeStatus(Object.values(message.facts), piecesOf(message));
  if (whole) goes(message, whole, text);
}
