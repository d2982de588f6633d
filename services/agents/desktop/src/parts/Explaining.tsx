// Why a conversation came to whom it did, and why it still waits: the reasons of each offer, and how it stands now.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, Problem, want } from "../api/client";
import type { Explanation } from "../api/schema";
import { say, sayStatus, whyNot } from "../words";
import { Dialog } from "./Dialog";
import { OffersMade } from "./OffersMade";
import { Standings } from "./Standings";
import { useDesk } from "./use";

const NOW_MS = 5_000, ELSEWHERE_MS = 15_000, TRIES = 5;

export function Explaining({ conversation, close }: { conversation: string; close: () => void }) {
  const { data, error } = useExplanation(conversation);
  return (
    <Dialog title={say("explain")} close={close} wide>
      <div className="why">
        {error && <p className="bad" role="alert">{whyNot(error instanceof Problem ? error : { code: "", detail: error.message })}</p>}
        {!data && !error && <p className="soft" role="status">{say("loading")}</p>}
        {data && <Routed told={data} close={close} />}
        {data?.status === "offered" && <OffersMade decisions={data.decisions} />}
        {data?.now && <Standings now={data.now} close={close} />}
        {data && data.status !== "offered" && <OffersMade decisions={data.decisions} />}
      </div>
    </Dialog>
  );
}

/** Asked anew with each event of the conversation; what waits changes without any, as agents come and go. */
function useExplanation(conversation: string) {
  const desk = useDesk(), held = desk.store.all.get(conversation), version = held?.state.version ?? 0;
  return useQuery({
    queryKey: ["explain", conversation, version],
    queryFn: ({ signal }) => explained(conversation, version, signal),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.data?.now ? NOW_MS : held ? false : ELSEWHERE_MS),
  });
}

/** The explanation, once the record has heard what we have heard; what it has if that takes longer than six seconds. */
async function explained(conversation: string, version: number, signal: AbortSignal): Promise<Explanation> {
  for (let tries = 0; ; tries++) {
    const told = await want(api.GET("/api/v1/conversations/{conversation}/explain", { params: { path: { conversation } } }));
    if (told.version >= version || tries >= TRIES || signal.aborted) return told;
    await new Promise((resume) => setTimeout(resume, 200 * 2 ** tries));
  }
}

/** Its status and the rules that decided, each a way to where it is written for who may read that. */
function Routed({ told: { status, rules }, close }: { told: Explanation; close: () => void }) {
  const desk = useDesk(), leads = desk.me.role !== "agent";
  const [before, after] = say("routedBy", { rules: "\n" }).split("\n");
  return (
    <p>
      <span className="chip">{sayStatus(status)}</span>{" "}
      {rules.length === 0 && say("noRuleSpoke")}
      {rules.length > 0 && before}
      {rules.map((rule, place) => (
        <span key={rule}>{place > 0 && ", "}{leads ? <Link href={`/setup/${rule}`} onClick={close}>{rule}</Link> : rule}</span>
      ))}
      {rules.length > 0 && after}
    </p>
  );
}
