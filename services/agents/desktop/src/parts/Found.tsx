// What a search of the history finds: conversations by who and last words, and by anything that was said in them.
import { useInfiniteQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { api, Problem, want } from "../api/client";
import type { Conversation, Hit, Piece, Status } from "../api/schema";
import { whoOf } from "../live/who";
import { dateTimeOf, momentOf, say, sayStatus, whyNot } from "../words";
import { channelIcon, Icon } from "./Icon";
import { useDesk } from "./use";

interface Wanted {
  words: string;
  status: Status | "";
  queue: string;
  chosen: string;
}

/** Where the whole search stands in quotes: a name or an address has none. */
const unquoted = (words: string) => words.replace(/^\s*["“”„«»](.+)["“”„«»]\s*$/u, "$1");

export function Found({ words, status, queue, chosen }: Wanted) {
  const isSearch = /[\p{L}\p{N}]/u.test(words);
  return (
    <div className="rows">
      {isSearch && <h2 className="soft">{say("byName")}</h2>}
      <Listed words={unquoted(words)} status={status} queue={queue} chosen={chosen} />
      {isSearch && <h2 className="soft">{say("inWhatWasSaid")}</h2>}
      {isSearch && <p className="soft hint">{say("searchHelp")}</p>}
      {isSearch && <Said words={words} status={status} queue={queue} chosen={chosen} />}
    </div>
  );
}

const where = ({ status, queue }: Pick<Wanted, "status" | "queue">, after: string) => ({
  limit: 50, ...(status ? { status: [status] } : {}), ...(queue ? { queue: [queue] } : {}), ...(after ? { after } : {})
});

function Listed({ words, status, queue, chosen }: Wanted) {
  const read = useInfiniteQuery({
    queryKey: ["history", words, status, queue],
    initialPageParam: "",
    queryFn: ({ pageParam }) => want(api.GET("/api/v1/conversations", { params: { query: { text: words, ...where({ status, queue }, pageParam) } } })),
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const items = read.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Pages {...read} empty={items.length ? "" : say(words || status || queue ? "nothingFound" : "nothingYet")}>
      {items.map((one) => <FoundRow key={one.id} one={one} at={one.changed_at} current={one.id === chosen}>{one.last_words || "…"}</FoundRow>)}
    </Pages>
  );
}

function Said({ words, status, queue, chosen }: Wanted) {
  const read = useInfiniteQuery({
    queryKey: ["said", words, status, queue],
    initialPageParam: "",
    queryFn: ({ pageParam }) => want(api.GET("/api/v1/search", { params: { query: { q: words, ...where({ status, queue }, pageParam) } } })),
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const items = read.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Pages {...read} empty={items.length ? "" : say("nothingFound")}>
      {items.map((hit) => (
        <FoundRow key={hit.conversation.id} one={hit.conversation} message={hit.message} at={hit.at} current={hit.conversation.id === chosen}>
          <Excerpt hit={hit} />
        </FoundRow>
      ))}
    </Pages>
  );
}

interface Read {
  error: Error | null;
  isPending: boolean;
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => Promise<unknown>;
  empty: string;
  children: ReactNode;
}

function Pages({ error, isPending, hasNextPage, isFetchingNextPage, fetchNextPage, empty, children }: Read) {
  if (error) return <p className="empty bad" role="alert">{whyNot(error instanceof Problem ? error : { code: "", detail: error.message })}</p>;
  if (empty) return <p className="empty" role="status">{isPending ? say("loading") : empty}</p>;
  return (
    <>
      {children}
      {hasNextPage && <button type="button" disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>{say("more")}</button>}
    </>
  );
}

function FoundRow({ one, message, at, current, children }: { one: Conversation; message?: string; at: string; current: boolean; children: ReactNode }) {
  const desk = useDesk();
  return (
    <Link className="row-button" href={`/history/${one.id}${message ? `/${encodeURIComponent(message)}` : ""}`} aria-current={current}>
      <span className="row-top"><Icon name={channelIcon(one.channel)} /><strong>{whoOf(one)}</strong><time dateTime={at} title={dateTimeOf(at)}>{momentOf(at)}</time></span>
      <span className="words clamped">{children}</span>
      <span className="soft state">{desk.names.queue(one.queue)} · {sayStatus(one.status)}</span>
    </Link>
  );
}

/** Who said it, and the words around what was found: text, never markup. */
function Excerpt({ hit }: { hit: Hit }) {
  const desk = useDesk();
  return (
    <>
      {hit.agent && <span className="soft">{desk.names.agent(hit.agent)}: </span>}
      {hit.excerpt.map((piece, place) => <Mark key={place} {...piece} />)}
      {hit.count > 1 && <span className="soft"> · {say("saidTimes", { count: hit.count })}</span>}
    </>
  );
}

const Mark = ({ text, found }: Piece) => (found ? <mark>{text}</mark> : text);
