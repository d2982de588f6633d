// How it is set up: queues with their promises, rules as sentences, accounts with what happened at their doors.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, Problem, want } from "../api/client";
import type { Queue, Rule, Running } from "../api/schema";
import type { Desk } from "../live/desk";
import { policyWords, prefersWords } from "../live/asked";
import { conditionWords } from "../live/condition";
import { skillWords } from "../live/skills";
import { useDesk } from "../parts/use";
import { dateTimeOf, say, spanOf, whyNot } from "../words";
import { HealthWords, useHealth, VerdictChip } from "./AccountHealth";
import { RuleTrial } from "./RuleTrial";
import { widens } from "./widening";

export default function Setup({ rule }: { rule: string }) {
  const desk = useDesk();
  const { data, error } = useQuery({ queryKey: ["configuration"], queryFn: () => want(api.GET("/api/v1/configuration")) });
  return (
    <main className="board">
      <h1>{say("pageSetup")}</h1>
      <p className="soft">{say("setupFrom")}</p>
      {error && <p className="bad" role="alert">{whyNot(error instanceof Problem ? error : { code: "", detail: error.message })}</p>}
      {!data && !error && <p className="soft" role="status">{say("loading")}</p>}
      {data && <Queues desk={desk} running={data} />}
      {data && <Rules desk={desk} running={data} sought={rule} />}
      {data && desk.me.role === "admin" && <RuleTrial accounts={data.accounts} digest={data.digest} />}
      {data && <Accounts desk={desk} running={data} />}
    </main>
  );
}

const inSeconds = (value: number): string => spanOf(value * 1000);

function Queues({ desk, running: { queues, policies } }: { desk: Desk; running: Running }) {
  return (
    <section className="card" aria-labelledby="queues-head">
      <h2 id="queues-head">{say("queues")}</h2>
      <ul className="plain sentences">
        {Object.entries(queues).map(([name, queue]) => (
          <li key={name}>
            <h3>{queue.title} <span className="soft">{name}</span></h3>
            <p>{say("queueSentence", { target: inSeconds(queue.target_s), offer: inSeconds(queue.offer_timeout_s), missed: queue.missed_offers_before_away, wrap: inSeconds(queue.wrap_up_s) })}</p>
            <p className="soft">{needsWords(desk, queue)}</p>
            <p className="soft">{[policyWords(policies[name] ?? ""), queue.sticky_s > 0 && say("sticky", { time: inSeconds(queue.sticky_s) })].filter(Boolean).join(" ")}</p>
            {queue.hours && <p className="soft">{say("openBy", { calendar: queue.hours })} {queue.closed && say("closedGoes", { queue: desk.names.queue(queue.closed.queue) })}</p>}
            {queue.widening.map((step) => <p className="soft" key={step.after_s}>{widens(desk, step)}</p>)}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What a queue asks for by itself. */
function needsWords({ names }: Desk, { requires, prefers, priority, weight }: Queue): string {
  return [
    Object.keys(requires).length > 0 && say("needsSkills", { skills: skillWords(names, requires) }),
    prefersWords(names, prefers), priority > 0 && say("atPriority", { priority }), weight > 1 && say("weighs", { weight }),
  ].filter(Boolean).join(" ");
}

/** `sought`: the rule that somebody came to read. */
function Rules({ desk, running, sought }: { desk: Desk; running: Running; sought: string }) {
  useEffect(() => document.getElementById(`rule-${sought}`)?.focus(), [sought]);
  return (
    <section className="card" aria-labelledby="rules-head">
      <h2 id="rules-head">{say("rules")}</h2>
      <p className="soft">{say("rulesExplained")}</p>
      <ol className="sentences">
        {running.rules.map((rule) => (
          <li key={rule.name} id={`rule-${rule.name}`} tabIndex={-1}>
            <h3>{rule.name}</h3>
            <p>{ruleWords(desk, rule)}</p>
            {rule.when !== "true" && <pre><code>{rule.when}</code></pre>}
          </li>
        ))}
        <li><p>{say("ruleElse", { queue: desk.names.queue(running.default_queue) })}</p></li>
      </ol>
    </section>
  );
}

/** A rule as a sentence: when, and then what. */
function ruleWords(desk: Desk, rule: Rule): string {
  const then = [
    rule.queue && say("ruleQueue", { queue: desk.names.queue(rule.queue) }),
    Object.keys(rule.requires).length > 0 && say("needsSkills", { skills: skillWords(desk.names, rule.requires) }),
    prefersWords(desk.names, rule.prefers),
    rule.priority != null && say("atPriority", { priority: rule.priority }),
    rule.weight != null && say("weighs", { weight: rule.weight }),
    rule.target_s != null && say("ruleTarget", { target: inSeconds(rule.target_s) }),
  ].filter(Boolean).join(" ");
  return `${whenWords(rule.when)} ${then}`;
}

function whenWords(when: string): string {
  if (when === "true") return say("ruleAlways");
  const condition = conditionWords(when);
  return condition ? say("ruleIf", { condition }) : say("ruleWhen");
}

function Accounts({ desk, running }: { desk: Desk; running: Running }) {
  const healths = useHealth();
  return (
    <section className="card" aria-labelledby="accounts-head">
      <h2 id="accounts-head">{say("accounts")}</h2>
      <ul className="plain sentences">
        {running.accounts.map((account) => ({ account, health: healths.get(account.name) })).map(({ account, health }) => (
          <li key={account.name}>
            <h3>{account.name} <span className="soft">{desk.names.channel(account.channel)}</span> {health && <VerdictChip health={health} />}</h3>
            {health && <HealthWords health={health} />}
            <p className="soft">{say("accountSentence", { queue: desk.names.queue(account.queue) })}</p>
            {desk.me.role === "admin" && <ChannelLog account={account.name} />}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Asked for when it is opened, each by itself. */
function ChannelLog({ account }: { account: string }) {
  const [open, show] = useState(false);
  return (
    <details onToggle={({ currentTarget }) => show(currentTarget.open)}>
      <summary>{say("channelLog")}</summary>
      {open && <Log account={account} />}
    </details>
  );
}

function Log({ account }: { account: string }) {
  const { data, error, isPending } = useQuery({
    queryKey: ["channel-log", account],
    queryFn: () => want(api.GET("/api/v1/channel-log", { params: { query: { account } } })),
  });
  if (error) return <p className="bad" role="alert">{whyNot(error instanceof Problem ? error : { code: "", detail: error.message })}</p>;
  if (!data?.items.length) return <p className="soft">{say(isPending ? "loading" : "logEmpty")}</p>;
  return (
    <ol className="plain story">
      {data.items.map((line, place) => (
        <li key={place}><time dateTime={line.at}>{dateTimeOf(line.at)}</time> <strong>{line.kind}</strong> {line.reason}{line.detail && <pre>{line.detail}</pre>}</li>
      ))}
    </ol>
  );
}
