// What is around every page: where one is, presence, offers, what went wrong, dialogs, keys.
import { lazy, Suspense, useEffect, useMemo, useState, type ReactNode } from "react";
import { Link, Route, Router, Switch, useLocation } from "wouter";
import { useHashLocation } from "wouter/use-hash-location";
import { clock } from "../api/client";
import { arriving } from "../live/arriving";
import { title } from "../live/attention";
import type { Page } from "../live/commands";
import { Dialogs, type Open } from "../parts/Dialogs";
import { Fence } from "../parts/Fence";
import { focusOn } from "../parts/focus";
import { Icon, type IconName } from "../parts/Icon";
import { useKeys } from "../parts/keyboard";
import { Offers } from "../parts/Offers";
import { PageContext, useDesk, useNarrow, useNow, usePage } from "../parts/use";
import { say, sayName, type Key } from "../words";
import { DeskPage } from "./DeskPage";
import { History } from "./History";

const Live = lazy(() => arriving(() => import("./Live")));
const Agents = lazy(() => arriving(() => import("./Agents")));
const Canned = lazy(() => arriving(() => import("./CannedReplies")));
const Setup = lazy(() => arriving(() => import("./Setup")));

export function Frame() {
  return <Router hook={useHashLocation}><Framed /></Router>;
}

function Framed() {
  const desk = useDesk(), [path, go] = useLocation(), [open, show] = useState<Open | null>(null);
  const page = useMemo((): Page => ({
    open: (dialog, subject = "", about = "") => show((last) => ({ dialog, subject, about, turn: (last?.turn ?? 0) + 1 })),
    go: (path) => go(path),
    focus: (part) => focusOn(part),
  }), [go]);
  useKeys(desk, page);
  return (
    <PageContext value={page}>
      <div className="frame">
        <Rail />
        <div className="page">
          <Strips />
          <Offers />
          <Fence key={path.split("/")[1]}><Pages /></Fence>
          <Notices />
        </div>
        {open && <Dialogs key={open.turn} open={open} close={() => show((now) => (now === open ? null : now))} />}
        <TabTitle />
      </div>
    </PageContext>
  );
}

function Pages() {
  const { me } = useDesk(), leads = me.role !== "agent";
  return (
    <Suspense fallback={<p className="boot" role="status">{say("loading")}</p>}>
      <Switch>
        <Route path="/"><DeskPage /></Route>
        <Route path="/history/:id?/:message?">{({ id = "", message = "" }) => <History id={id} message={message} />}</Route>
        {leads && <Route path="/live"><Live /></Route>}
        {leads && <Route path="/agents"><Agents /></Route>}
        {leads && <Route path="/canned"><Canned /></Route>}
        {leads && <Route path="/setup/:rule?">{({ rule }) => <Setup rule={rule ?? ""} />}</Route>}
        <Route><p className="empty">{say("noSuchPage")}</p></Route>
      </Switch>
    </Suspense>
  );
}

type Place = [string, IconName, Key];

const EVERYBODYS: Place[] = [["/", "desk", "pageDesk"], ["/history", "history", "pageHistory"]];
const LEADS: Place[] = [["/live", "live", "pageLive"]];
/** On a phone these are behind one button: there is no room for their words. */
const SELDOM: Place[] = [["/agents", "agents", "pageAgents"], ["/canned", "canned", "pageCanned"], ["/setup", "setup", "pageSetup"]];

function Rail() {
  const desk = useDesk(), [path] = useLocation(), page = usePage(), narrow = useNarrow();
  const leads = desk.me.role !== "agent";
  return (
    <nav className="rail" aria-label={say("pages")}>
      {[...EVERYBODYS, ...(leads ? LEADS : [])].map((place) => <PlaceLink key={place[0]} place={place} path={path} />)}
      {leads && (narrow ? <MorePlaces key={path} path={path} /> : SELDOM.map((place) => <PlaceLink key={place[0]} place={place} path={path} />))}
      <span className="grow" />
      <PresenceButton />
      <button type="button" className="rail-button" onClick={() => page.open("preferences")} title={desk.me.login}>
        <Icon name="person" /><span>{narrow ? say("me") : desk.me.name}</span>
      </button>
    </nav>
  );
}

function PlaceLink({ place: [to, icon, words], path }: { place: Place; path: string }) {
  return (
    <Link href={to} aria-current={isAt(to, path) ? "page" : undefined}>
      <Icon name={icon} /><span>{say(words)}</span>
    </Link>
  );
}

const isAt = (to: string, path: string): boolean => path === to || (to !== "/" && path.startsWith(to));

/** The seldom places on a phone; shut again on each of them. */
function MorePlaces({ path }: { path: string }) {
  return (
    <details className="menu more-places">
      <summary className="rail-button" aria-current={SELDOM.some(([to]) => isAt(to, path)) ? "page" : undefined}>
        <Icon name="more" /><span>{say("morePlaces")}</span>
      </summary>
      <div className="card">{SELDOM.map((place) => <PlaceLink key={place[0]} place={place} path={path} />)}</div>
    </details>
  );
}

function PresenceButton() {
  const desk = useDesk(), page = usePage(), { presence, reason } = desk.store;
  const available = presence === "available";
  const words = available ? say("available") : reason && reason !== "missed" ? `${say("away")}: ${sayName(reason)}` : say("away");
  return (
    <button
      type="button" id="presence" className="rail-button" data-presence={presence}
      aria-label={`${words}. ${say(available ? "beAway" : "takeWork")}`}
      onClick={() => (available ? page.open("away") : desk.present("available"))}
    >
      <span className={`dot ${presence}`} /><span>{words}</span>
    </button>
  );
}

const BLINK_MS = 1_000; // a line that comes back at once is no news

/** What stands in the way of work, with the one step out of it. */
function Strips(): ReactNode {
  const desk = useDesk(), now = useNow(), { presence, reason, draining } = desk.store;
  const away = !desk.live && now - desk.lostAt > BLINK_MS;
  if (away) return <p className="strip" role="status">{say("connecting")}</p>;
  if (presence === "available" && draining) return <p className="strip" role="status">{say("isDraining")} <Undrain /></p>;
  if (presence === "available" || !presence) return <p className="hidden" role="status" />;
  return (
    <p className="strip" role="status">
      {say(reason === "missed" ? "missed" : "isAway")}{" "}
      <button type="button" className="primary" onClick={() => desk.present("available")}>{say("takeWork")}</button>
    </p>
  );
}

function Undrain() {
  const desk = useDesk();
  return <button type="button" className="primary" onClick={() => desk.drain(desk.me.id, false)}>{say("undrain")}</button>;
}

/** Below the page and not over it: what is said there must cover no button. */
function Notices() {
  const desk = useDesk();
  return (
    <div className="notices" role="alert">
      {desk.notices.all.map(({ id, words, news }) => (
        <p key={id} className={news ? "notice news" : "notice"}><span>{words}</span>
          <button type="button" className="quiet" aria-label={say("closeDialog")} onClick={() => desk.notices.dismiss(id)}>✕</button>
        </p>
      ))}
    </div>
  );
}

function TabTitle() {
  const desk = useDesk();
  useNow();
  const offers = desk.offers(), unread = desk.store.own().reduce((sum, each) => sum + each.unread, 0);
  const left = offers[0] ? Math.max(0, Math.round((offers[0].state.deadline - clock.now()) / 1000)) : 0;
  const words = title(offers.length, left, unread);
  useEffect(() => {
    document.title = words;
  }, [words]);
  return null;
}
