// Why my list is empty, and what would change it.
import { useQuery } from "@tanstack/react-query";
import { api, want } from "../api/client";
import type { Desk } from "../live/desk";
import { idleWords } from "../live/idle";
import { say } from "../words";

const AGAIN_MS = 60_000; // thousands may be idle at once, and every answer looks at the whole board

export function Empty({ desk }: { desk: Desk }) {
  const { me, live, store, names } = desk, available = live && store.presence === "available";
  const { data } = useQuery({
    queryKey: ["waiting"], queryFn: () => want(api.GET("/api/v1/waiting")), enabled: available, refetchInterval: AGAIN_MS, staleTime: 5_000,
  });
  if (available && store.draining && !desk.offers().length) return <p className="empty">{say("isDraining")}</p>;
  if (!live) return <p className="empty">{say("connecting")}</p>;
  if (available) return <p className="empty" role="status">{desk.offers().length ? say("offerWaits") : idleWords(names, me, data)}</p>;
  return (
    <div className="empty">
      <p>{say("isAway")}</p>
      <button type="button" className="primary" onClick={() => desk.present("available")}>{say("takeWork")}</button>
    </div>
  );
}
