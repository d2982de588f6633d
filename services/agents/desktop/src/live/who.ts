// What a customer is called: by their name, else their address; of a visitor nobody knows, a sign short enough to say.
import { say } from "../words";

interface Customer {
  display?: string | null;
  channel: string;
  /** The board's word for the address. */
  contact?: string;
  /** The record's. */
  address?: string;
}

const NOBODY_KNOWN = /^[0-9a-f]{32}$/, SIGN = 4;

export const whoOf = (customer: Customer): string => customer.display || addressOf(customer);

/** Where they are reached, in words; a visitor's address is a random number. */
export function addressOf({ channel, contact, address }: Customer): string {
  const where = address ?? contact ?? "";
  return channel === "webchat" && NOBODY_KNOWN.test(where) ? say("visitorSigned", { sign: where.slice(0, SIGN) }) : where;
}
