// One part of a message, as it was sent: words as words, never as markup.
import type { ContactCard, Message } from "../api/schema";
import { addressesOn, canBeWrittenTo } from "../live/begin";
import { wordsOf } from "../live/state";
import { say, sizeOf } from "../words";
import { Look, MailHead } from "./Mail";
import { useDesk, usePage } from "./use";

const DRAWN = /^image\/(png|jpeg|gif|webp)$/;

export function Part({ conversation, part }: { conversation: string; part: Message["parts"][number] }) {
  if (part.kind === "media" && part.blob) {
    const address = `/api/v1/conversations/${encodeURIComponent(conversation)}/media/${part.blob.digest}`;
    const name = part.name ?? part.content_type;
    return (
      <>
        {DRAWN.test(part.content_type)
          ? <a href={address} target="_blank" rel="noreferrer"><img src={address} alt={part.caption ?? say("pictureNamed", { name })} loading="lazy" /></a>
          : <p><a href={address} download={part.name ?? ""}>{say("file", { name })}</a> <span className="soft">{sizeOf(part.blob.size)}</span></p>}
        {part.caption && <p className="text">{part.caption}</p>}
      </>
    );
  }
  if (part.kind === "contact-card") return <Card conversation={conversation} card={part} />;
  if (part.kind === "mail") return <MailHead head={part} />;
  if (part.kind === "html") return <Look conversation={conversation} digest={part.blob.digest} />;
  if (part.kind === "quote") {
    return <details className="quote"><summary>{say("earlierWords")}</summary><p className="text soft">{part.quoted}</p></details>;
  }
  if (part.kind === "media") {
    return <p className="text soft">{say("noMedia", { name: part.name ?? part.content_type, why: part.problem ?? "–" })}</p>;
  }
  return <p className="text">{wordsOf([part])}</p>;
}

/** Addresses the customer left, and where the conversation is at hand (not in History), one click to write there. */
function Card({ conversation, card }: { conversation: string; card: ContactCard }) {
  const desk = useDesk(), page = usePage();
  const reachable = desk.store.all.has(conversation) ? addressesOn(card).filter((one) => canBeWrittenTo(one, desk.names.plan)) : [];
  return (
    <>
      <p className="text">{wordsOf([card])}</p>
      {reachable.map(({ value }) => (
        <p key={value}><button type="button" onClick={() => page.open("begin", conversation, value)}>{say("writeToAddress", { address: value })}</button></p>
      ))}
    </>
  );
}
