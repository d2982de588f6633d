// Who else has the conversation open, and what they do there.
import { useEffect } from "react";
import type { Doing } from "../live/looking";
import { say, type Key } from "../words";
import { useDesk } from "./use";

const WORDS: Record<Doing, Key> = { looks: "isLooking", note: "isWritingNote", reply: "isWritingReply" };

/** Says it to others, too, as long as it is on the screen. */
export function Lookers({ conversation }: { conversation: string }) {
  const desk = useDesk();
  useEffect(() => desk.looking.at(conversation), [desk, conversation]);
  const words = desk.looking.of(conversation).map(({ name, doing }) => say(WORDS[doing], { name }));
  return <span className="soft lookers" role="status">{words.join(" · ")}</span>;
}
