// Drawn signs; always beside words or a label of their own, so they are hidden from screen readers.
const PATHS = {
  desk: "M4 5h16v10H9l-5 4z",
  history: "M12 7v5l3 2M4 12a8 8 0 1 0 3-6M4 4v4h4",
  live: "M4 19V9M10 19V5M16 19v-7M21 19H3",
  agents: "M9 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM3 19c0-3 3-5 6-5s6 2 6 5M16 6a3 3 0 0 1 0 5M18 14c2 1 3 3 3 5",
  canned: "M13 3L5 14h6l-1 7 8-11h-6z",
  setup: "M4 7h10M18 7h2M4 17h2M10 17h10M14 4v6M6 14v6",
  person: "M12 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c0-4 4-6 8-6s8 2 8 6",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  lock: "M6 11h12v9H6zM8 11V8a4 4 0 0 1 8 0v3",
  back: "M15 5l-7 7 7 7",
  sms: "M4 5h16v11H10l-5 4v-4H4z",
  mail: "M3 6h18v12H3zM3 7l9 7 9-7",
  chat: "M3 5h12v8H8l-4 3v-3H3zM17 9h4v8h-1v3l-4-3h-6v-2",
  attach: "M20 11l-8 8a5 5 0 0 1-7-7l9-9a3 3 0 0 1 5 5l-9 9a1 1 0 0 1-2-2l8-8",
  cross: "M6 6l12 12M18 6L6 18",
  down: "M6 9l6 6 6-6",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The sign of a channel, by the family its name tells. */
export function channelIcon(channel: string): IconName {
  if (/mail/.test(channel)) return "mail";
  return /chat|web/.test(channel) ? "chat" : "sms";
}
