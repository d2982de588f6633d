// Rules tried: on what was written last, and on words of one's own. The router's own engine answers; nothing is routed.
import { useMutation, useQuery } from "@tanstack/react-query";
import { api, Problem, want } from "../api/client";
import type { AccountLine, Tried, TriedMessage, Trying } from "../api/schema";
import type { Desk } from "../live/desk";
import { skillWords } from "../live/skills";
import { addressOf } from "../live/who";
import { useDesk } from "../parts/use";
import { dateTimeOf, languageOf, LOCALES, OWN_NAMES, say, spanOf, whyNot } from "../words";

const TEXT_LIMIT = 4_096;

export function RuleTrial({ accounts, digest }: { accounts: AccountLine[]; digest: string }) {
  return (
    <section className="card" aria-labelledby="trial-head">
      <h2 id="trial-head">{say("tryRules")}</h2>
      <p className="soft">{say("tryExplained")}</p>
      {accounts.length > 0 && <OwnWords accounts={accounts} />}
      <Latest digest={digest} />
    </section>
  );
}

function OwnWords({ accounts }: { accounts: AccountLine[] }) {
  const desk = useDesk();
  const { mutate, data, error } = useMutation({
    mutationFn: (body: Trying) => want(api.POST("/api/v1/rules/try", { body })),
  });
  return (
    <form onSubmit={(event) => {
      event.preventDefault();
      const form = new FormData(event.currentTarget), field = (name: string) => (form.get(name) ?? "") as string;
      const known = form.has("known"), nobody = { last_agent: "", scheme: "", address: "" };
      mutate({ text: field("text"), account: field("account"), language: field("language"), known, ...nobody });
    }}>
      <label>{say("tryText")}<textarea name="text" rows={2} maxLength={TEXT_LIMIT} /></label>
      <div className="row trial">
        <label>{say("tryAccount")}<select name="account">
          {accounts.map(({ name, channel }) => <option key={name} value={name}>{name} ({desk.names.channel(channel)})</option>)}
        </select></label>
        <label>{say("tryLanguage")}<select name="language">
          {(["", ...LOCALES] as const).map((each) => <option key={each} value={each}>{each ? OWN_NAMES[each] : "–"}</option>)}
        </select></label>
        <label className="check"><input type="checkbox" name="known" /> {say("tryKnown")}</label>
        <button type="submit" className="primary">{say("tryNow")}</button>
      </div>
      <div role="status" className="outcome">{error ? <Failed error={error} /> : data && <Outcome desk={desk} tried={data} />}</div>
    </form>
  );
}

function Latest({ digest }: { digest: string }) {
  const desk = useDesk();
  const { data, error, isPending } = useQuery({ queryKey: ["rules-recent", digest], queryFn: () => want(api.GET("/api/v1/rules/recent")) });
  return (
    <>
      <h3>{say("latestMessages")}</h3>
      {error && <Failed error={error} />}
      {!error && !data?.items.length && <p className="soft">{say(isPending ? "loading" : "nothingYet")}</p>}
      <ol className="plain sentences tried">
        {data?.items.map((one, place) => <Message key={place} desk={desk} one={one} />)}
      </ol>
    </>
  );
}

function Message({ desk, one }: { desk: Desk; one: TriedMessage }) {
  return (
    <li>
      <p><time dateTime={one.at}>{dateTimeOf(one.at)}</time> <strong>{addressOf({ channel: one.channel, address: one.display })}</strong> <span className="soft">{one.account}</span></p>
      <p className="words clamped">{one.text}</p>
      {one.tried ? <Outcome desk={desk} tried={one.tried} /> : <p className="soft">{say("accountGone")}</p>}
    </li>
  );
}

/** Which rules spoke, and what came of it. */
function Outcome({ desk, tried }: { desk: Desk; tried: Tried }) {
  const skills = skillWords(desk.names, tried.requires);
  const then = [
    tried.intent && say("toldIntent", { intent: tried.intent }),
    tried.instead_of && say("insteadOf", { queue: desk.names.queue(tried.instead_of) }),
    tried.opens_in_s > 0 && say("opensIn", { time: spanOf(tried.opens_in_s * 1000) }),
    tried.language && say("toldLanguage", { language: languageOf(tried.language) }),
    say("ruleQueue", { queue: desk.names.queue(tried.queue) }), skills && say("needsSkills", { skills }), say("atPriority", { priority: tried.priority }),
  ];
  return (
    <>
      <p>{tried.rules.length ? say("ruleHits", { rules: tried.rules.join(", ") }) : say("ruleHitsNone")} {then.filter(Boolean).join(" ")}</p>
      {tried.errors.map(({ rule, message }) => <p key={rule} className="bad">{say("ruleFails", { rule, message })}</p>)}
    </>
  );
}

function Failed({ error }: { error: Error }) {
  return <p className="bad" role="alert">{whyNot(error instanceof Problem ? error : { code: "", detail: error.message })}</p>;
}
