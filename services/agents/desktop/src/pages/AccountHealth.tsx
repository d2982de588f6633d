// How well a channel account carries: what came in, what became of replies, what was refused, within a day.
import { useQuery } from "@tanstack/react-query";
import { api, want } from "../api/client";
import type { AccountHealth } from "../api/schema";
import { verdictOf, type Verdict } from "../live/health";
import { momentOf, numberOf, say } from "../words";

const EVERY_MS = 15_000;

/** Health by account name; of who is not in it nothing is known. */
export function useHealth(): Map<string, AccountHealth> {
  const { data } = useQuery({ queryKey: ["account-health"], queryFn: () => want(api.GET("/api/v1/account-health")), refetchInterval: EVERY_MS });
  return new Map(data?.items.map((each) => [each.account, each]));
}

const KIND: Record<Verdict, string> = { failing: "late", "some-failed": "soon", well: "good", quiet: "calm" };

export function VerdictChip({ health }: { health: AccountHealth }) {
  const verdict = verdictOf(health);
  return <span className={`chip ${KIND[verdict]}`}>{say(`health-${verdict}`)}</span>;
}

/** The figures behind it, in sentences. */
export function HealthWords({ health }: { health: AccountHealth }) {
  const { last_inbound_at: wrote, last_sent_at: sent, failed, refused, under_way: underWay, last_failure: why } = health;
  const words = [
    wrote ? say("lastWrote", { at: momentOf(wrote) }) : say("nobodyWrote"),
    sent && say("lastSent", { count: health.sent, at: momentOf(sent), number: numberOf(health.sent) }),
    underWay > 0 && say("repliesUnderWay", { count: underWay }),
    refused > 0 && say("refusedAtDoor", { count: refused }),
  ];
  return (
    <>
      <p>{words.filter(Boolean).join(" ")}</p>
      {failed > 0 && <p className="bad">{say("repliesFailed", { count: failed, why: why || "?" })}</p>}
    </>
  );
}
