// The offers of a conversation, each with what was asked, why this agent, who would have been next, who could not be.
import type { AskedBeside, Decided, IndexParts, OfferDetails, PassedOver } from "../api/schema";
import { askedWords } from "../live/asked";
import { dateTimeOf, fractionOf, say, sayEvent, signedOf, spanOf } from "../words";
import { useDesk } from "./use";

const PARTS = ["skill", "flexibility", "load", "idle", "turn"] as const satisfies (keyof IndexParts)[];
/** Less does not show in two places. */
const COUNTS = 0.005;
const REASONS = ["permission", "skill", "level", "presence", "draining", "room", "ramping", "declined"] as const satisfies (keyof PassedOver)[];

/** The newest first, and that one unfolded. */
export function OffersMade({ decisions }: { decisions: Decided[] }) {
  return (
    <section aria-labelledby="why-offers">
      <h3 id="why-offers">{say("offersMade")}</h3>
      {decisions.length === 0 && <p className="soft">{say("neverOffered")}</p>}
      <ol className="plain">
        {decisions.map((made, place) => <li key={made.version}><Made made={made} open={place === 0} /></li>)}
      </ol>
    </section>
  );
}

function Made({ made, open }: { made: Decided; open: boolean }) {
  const desk = useDesk(), { asked, reasons, name } = made;
  return (
    <details open={open}>
      <summary>
        <strong>{name}</strong> <span className="chip">{outcomeWords(made)}</span>{" "}
        <time dateTime={made.at}>{dateTimeOf(made.at)}</time>
      </summary>
      {!reasons && <p className="soft">{say("unkeptReasons")}</p>}
      {asked && reasons && <p>{askedWords(desk.names, asked)} {reasons.waited_ms >= 1000 && say("waitedThen", { time: spanOf(reasons.waited_ms) })}</p>}
      {made.beside.length > 0 && <p>{say("askedBeside", { names: made.beside.map(besideWords).join(", ") })}</p>}
      {reasons && !reasons.parts && <p>{say(made.given === "transfer" ? "givenTransfer" : "givenByWord", { name })}</p>}
      {reasons?.parts && <Compared made={made} reasons={reasons} parts={reasons.parts} />}
      {reasons && <PassedOverList counts={reasons.passed_over} />}
    </details>
  );
}

const outcomeWords = ({ outcome }: { outcome: string }): string => (outcome ? sayEvent(`trunkline.offer.${outcome}.v1`) : say("stillOpen"));

const besideWords = (one: AskedBeside): string => `${one.name} (${outcomeWords(one)})`;

function Compared({ made, reasons, parts }: { made: Decided; reasons: OfferDetails; parts: IndexParts }) {
  const desk = useDesk(), counted = PARTS.filter((part) => Math.abs(parts[part]) >= COUNTS);
  const sum = PARTS.reduce((total, part) => total + parts[part], 0), most = Math.max(...PARTS.map((part) => Math.abs(parts[part])));
  const others = reasons.best.filter(({ agent }) => agent !== made.agent);
  return (
    <>
      <p>{counted.length ? say("lowestOf", { name: made.name, index: fractionOf(sum) }) : say("nothingCounted")}</p>
      <dl className="index">
        {counted.map((part) => (
          <div key={part} className={parts[part] < 0 ? "for" : "against"}>
            <dt>{say(`part.${part}`)}</dt>
            <dd><progress max={most} value={Math.abs(parts[part])} aria-hidden="true" /> {signedOf(parts[part])} <span className="soft">{say(parts[part] < 0 ? "partFor" : "partAgainst")}</span></dd>
          </div>
        ))}
      </dl>
      <p>{others.length ? say("nextOnes", { names: others.map(({ agent }) => desk.names.agent(agent)).join(", ") }) : say("nobodyNext")}</p>
    </>
  );
}

/** How many could not be asked, by the first thing that kept each. */
export function PassedOverList({ counts }: { counts: PassedOver }) {
  const said = REASONS.filter((reason) => counts[reason]);
  if (!said.length) return null;
  return (
    <>
      <p>{say("notAsked")}</p>
      <ul>{said.map((reason) => <li key={reason}>{say(`passed.${reason}`, { count: counts[reason] })}</li>)}</ul>
    </>
  );
}
