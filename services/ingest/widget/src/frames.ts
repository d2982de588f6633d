// What goes over the socket: docs/chat-protocol.md.
export interface Attached {
  kind: "file";
  file: string;
  type: string;
  size: number;
  name: string;
}

export type Part = { kind: "text"; text: string } | Attached;

export interface Place {
  conversation: string;
  number: number;
}

export interface Numbered extends Place {
  type: "message";
  id: string;
  direction: "inbound" | "outbound";
  at: string;
  parts: Part[];
  client?: string;
}

export interface Welcome {
  type: "welcome";
  token: string;
  // Opens the visitor's files for a while; each pong tells the next.
  key: string;
  customer: boolean;
  open: boolean;
  opens_at: string | null;
  texts: Record<string, { title?: string; greeting?: string; closed?: string }>;
  limits: { text: number; files: number; file_bytes: number };
  ping_s: number;
}

export interface Refusal {
  type: "refused";
  code: string;
  detail: string;
  id?: string;
  retry_after_s?: number;
}

export type Down =
  | Welcome
  | Numbered
  | Refusal
  | { type: "ack"; id: string; message: string }
  | { type: "typing" | "seen" | "reset" }
  | { type: "pong"; key: string };

export interface Identity {
  customer: string;
  expires: number;
  signature: string;
}
