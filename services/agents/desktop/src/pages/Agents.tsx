// The roster: who works here, what they can do and how much they can hold. Administrators edit it.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, Problem, want } from "../api/client";
import type { Agent, Stranded } from "../api/schema";
import { skillWords } from "../live/skills";
import { useDesk } from "../parts/use";
import { say, sayRole, whyNot } from "../words";
import { AgentForm, type Given } from "./AgentForm";

const KEY = ["agents"];

async function everybody(): Promise<Agent[]> {
  const all: Agent[] = [];
  for (let after = ""; ;) {
    const page = await want(api.GET("/api/v1/agents", { params: { query: { after, limit: 200 } } }));
    all.push(...page.items);
    if (!page.next) return all;
    after = page.next;
  }
}

export default function Agents() {
  const desk = useDesk(), queries = useQueryClient(), [edited, edit] = useState<Agent | "new" | null>(null), [strands, warn] = useState<Stranded[] | null>([]);
  const { data, error } = useQuery({ queryKey: KEY, queryFn: everybody });
  const save = useMutation({
    mutationFn: ({ agent, given }: { agent: Agent | "new"; given: Given }) => keep(agent, given),
    onSuccess: (left) => {
      edit(null);
      warn(left);
      return queries.invalidateQueries({ queryKey: KEY });
    },
  });
  const admin = desk.me.role === "admin";
  return (
    <main className="board">
      <header className="row">
        <h1 className="grow">{say("pageAgents")}</h1>
        {admin && <button type="button" className="primary" onClick={() => edit("new")}>{say("addAgent")}</button>}
      </header>
      {error && <p className="bad" role="alert">{whyNot(error instanceof Problem ? error : { code: "", detail: error.message })}</p>}
      {strands?.length !== 0 && <Warning strands={strands} close={() => warn([])} />}
      {!data && !error && <p className="soft" role="status">{say("loading")}</p>}
      {data && <Matrix agents={data} edit={admin ? edit : null} />}
      {edited && (
        <AgentForm
          key={edited === "new" ? "new" : edited.id} agent={edited === "new" ? null : edited} problem={save.error}
          saving={save.isPending} close={() => { edit(null); save.reset(); }} done={(given) => save.mutate({ agent: edited, given })}
        />
      )}
    </main>
  );
}

/** The edit is made; what waits now for nobody is said until it is read. */
function Warning({ strands, close }: { strands: Stranded[] | null; close: () => void }) {
  const { names } = useDesk();
  const words = ({ queue, skills, waiting: count }: Stranded) => Object.keys(skills).length
    ? say("strands", { count, queue: names.queue(queue), skills: skillWords(names, skills) })
    : say("strandsUnserved", { count, queue: names.queue(queue) });
  return (
    <div className="card row warning" role="alert">
      <div className="grow">
        {strands?.map((one, place) => <p key={place}>{words(one)}</p>)}
        {!strands && <p>{say("strandsUnknown")}</p>}
      </div>
      <button type="button" className="quiet" aria-label={say("closeDialog")} onClick={close}>✕</button>
    </div>
  );
}

/** Add, or edit the version that was read; what that left waiting for nobody. An empty password is left as it is. */
async function keep(agent: Agent | "new", { password, login, ...given }: Given): Promise<Stranded[] | null> {
  if (agent === "new") {
    await want(api.POST("/api/v1/agents", { body: { ...given, login, password, disabled: false, languages: [] } }));
    return [];
  }
  const body = { ...given, login, ...(password ? { password } : {}) };
  const edited = await want(api.PATCH("/api/v1/agents/{agent}", {
    params: { path: { agent: agent.id }, header: { "if-match": String(agent.version) } }, body,
  }));
  return edited.strands;
}

function Matrix({ agents, edit }: { agents: Agent[]; edit: ((agent: Agent) => void) | null }) {
  const desk = useDesk(), skills = desk.names.plan.skills;
  return (
    // A table wider than the screen scrolls, also by keyboard.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- as above
    <div className="card scroll" role="region" aria-label={say("skillMatrix")} tabIndex={0}>
      <table className="stack">
        <thead><tr>
          <th scope="col">{say("agent")}</th><th scope="col">{say("role")}</th><th scope="col">{say("capacity")}</th><th scope="col">{say("queues")}</th>
          {skills.map(({ name, title }) => <th key={name} scope="col" className="narrow">{title}</th>)}
          {edit && <th scope="col"><span className="hidden">{say("editAgent")}</span></th>}
        </tr></thead>
        <tbody>
          {agents.map((one) => (
            <tr key={one.id} className={one.disabled ? "soft" : ""}>
              <th scope="row">{one.name} <span className="soft">{one.login}{one.disabled && ` · ${say("disabled")}`}</span></th>
              <td data-of={say("role")}>{sayRole(one.role)}</td><td data-of={say("capacity")}>{one.capacity}</td>
              <td data-of={say("queues")}>{one.queues.includes("*") ? say("allQueues") : one.queues.map((name) => desk.names.queue(name)).join(", ") || "–"}</td>
              {skills.map(({ name, title }) => <td key={name} data-of={title} className="narrow">{one.skills[name] ?? "·"}</td>)}
              {edit && <td><button type="button" onClick={() => edit(one)} aria-label={say("editNamed", { name: one.name })}>{say("edit")}</button></td>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
