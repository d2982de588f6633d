// One agent of the roster, to be added or edited.
import { useId } from "react";
import { Problem } from "../api/client";
import type { Agent, Role } from "../api/schema";
import { Dialog, DialogButtons } from "../parts/Dialog";
import { useDesk } from "../parts/use";
import { say, sayRole, whyNot } from "../words";

export interface Given {
  login: string;
  name: string;
  role: Role;
  capacity: number;
  locale: "en" | "tr" | "lv";
  queues: string[];
  skills: Record<string, number>;
  password: string;
  disabled: boolean;
}

const ROLES: Role[] = ["agent", "supervisor", "admin"];
const LANGUAGE = { en: "English", tr: "Türkçe", lv: "Latviešu" };

export function AgentForm({ agent, problem, saving, close, done }: {
  agent: Agent | null; problem: Error | null; saving: boolean; close: () => void; done: (given: Given) => void;
}) {
  const desk = useDesk(), skillsName = useId();
  return (
    <Dialog title={agent ? say("editNamed", { name: agent.name }) : say("addAgent")} close={close} wide>
      <form onSubmit={(event) => {
        event.preventDefault();
        done(read(new FormData(event.currentTarget), desk.names.plan.skills.map(({ name }) => name)));
      }}>
        <div className="fields">
          <label>{say("name")}<input name="name" defaultValue={agent?.name} required maxLength={200} /></label>
          <label>{say("login")}<input name="login" defaultValue={agent?.login} required maxLength={254} autoCapitalize="none" /></label>
          <label>{say(agent ? "newPassword" : "password")}
            <input name="password" type="password" minLength={8} maxLength={1024} required={!agent} autoComplete="new-password" />
          </label>
          <label>{say("role")}<select name="role" defaultValue={agent?.role ?? "agent"}>{ROLES.map((each) => <option key={each} value={each}>{sayRole(each)}</option>)}</select></label>
          <label>{say("capacity")}<input name="capacity" type="number" min={0} max={1000} defaultValue={agent?.capacity ?? 5} required /></label>
          <label>{say("language")}<select name="locale" defaultValue={agent?.locale ?? "en"}>{Object.entries(LANGUAGE).map(([each, words]) => <option key={each} value={each}>{words}</option>)}</select></label>
        </div>
        <fieldset>
          <legend>{say("queues")}</legend>
          {[{ name: "*", title: say("allQueues") }, ...desk.names.plan.queues].map(({ name, title }) => (
            <label key={name} className="check"><input type="checkbox" name="queues" value={name} defaultChecked={agent?.queues.includes(name) ?? name === "*"} />{title}</label>
          ))}
        </fieldset>
        <fieldset>
          <legend id={skillsName}>{say("skillLevels")}</legend>
          <div className="fields">
            {desk.names.plan.skills.map(({ name, title }) => (
              <label key={name}>{title}<input name={`skill:${name}`} type="number" min={0} max={10} defaultValue={agent?.skills[name] ?? ""} /></label>
            ))}
          </div>
        </fieldset>
        {agent && <label className="check"><input type="checkbox" name="disabled" defaultChecked={agent.disabled} />{say("disabled")}</label>}
        {problem && <p className="bad" role="alert">{whyNot(problem instanceof Problem ? problem : { code: "", detail: problem.message })}</p>}
        <DialogButtons verb={say("save")} disabled={saving} />
      </form>
    </Dialog>
  );
}

function read(form: FormData, skills: string[]): Given {
  const text = (name: string) => (form.get(name) ?? "") as string;
  const levels = skills.map((skill) => [skill, Number(text(`skill:${skill}`))] as const).filter(([, level]) => level > 0);
  return {
    login: text("login"), name: text("name"), role: text("role") as Role, capacity: Number(text("capacity")),
    locale: text("locale") as Given["locale"], queues: form.getAll("queues") as string[], skills: Object.fromEntries(levels),
    password: text("password"), disabled: form.has("disabled"),
  };
}
