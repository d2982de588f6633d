// The desk itself: my conversations, and the chosen one.
import { Conversation } from "../parts/Conversation";
import { List } from "../parts/List";
import { useDesk } from "../parts/use";
import { say } from "../words";

export function DeskPage() {
  const desk = useDesk(), each = desk.current();
  return (
    <main className={each ? "desk open" : "desk"}>
      <h1 className="hidden">{say("pageDesk")}</h1>
      <List />
      {each ? <Conversation each={each} /> : <p className="empty choose">{desk.store.own().length ? say("choose") : ""}</p>}
    </main>
  );
}
