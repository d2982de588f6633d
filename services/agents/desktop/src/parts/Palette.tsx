// Everything one can do, found by its words (Ctrl+K) or looked up by its key (?).
import { Command } from "cmdk";
import { COMMANDS, SENDING, type Command as Act } from "../live/commands";
import { whoOf } from "../live/who";
import { say } from "../words";
import { Dialog } from "./Dialog";
import { useDesk, usePage } from "./use";

export function Palette({ close }: { close: () => void }) {
  const desk = useDesk(), page = usePage();
  const run = (command: Act) => {
    close();
    requestAnimationFrame(() => command.run(desk, page)); // what is outside an open dialog takes no focus
  };
  return (
    <Dialog title={say("palette")} close={close} wide>
      <Command label={say("palette")} className="command" loop>
        <Command.Input placeholder={say("search")} aria-label={say("search")} />
        <Command.Empty>{say("nothingFound")}</Command.Empty>
        <Command.List label={say("palette")}>
          <Command.Group heading={say("actions")}>
            {COMMANDS.filter((each) => each.id !== "palette" && each.can(desk)).map((each) => (
              <Command.Item key={each.id} value={each.id} keywords={[say(each.title)]} onSelect={() => run(each)}>
                <span className="grow">{say(each.title)}</span> <Keys keys={each.keys} />
              </Command.Item>
            ))}
          </Command.Group>
          <Command.Group heading={say("conversations")}>
            {[...desk.store.own(), ...desk.store.snoozed()].slice(0, 200).map(({ id, state }) => (
              <Command.Item key={id} value={id} keywords={[state.display, state.contact]} onSelect={() => {
                close();
                page.go("/");
                desk.choose(id);
              }}>{whoOf(state)}</Command.Item>
            ))}
          </Command.Group>
        </Command.List>
      </Command>
    </Dialog>
  );
}

function Keys({ keys }: { keys: string[] }) {
  return <span className="keys">{keys.map((key) => <kbd key={key}>{key === "Escape" ? "Esc" : key}</kbd>)}</span>;
}

export function KeyList({ close }: { close: () => void }) {
  const desk = useDesk();
  return (
    <Dialog title={say("keyList")} close={close} wide>
      <table className="key-table">
        <thead><tr><th scope="col">{say("key")}</th><th scope="col">{say("action")}</th></tr></thead>
        <tbody>
          <tr><td><Keys keys={["Shift+Enter"]} /></td><td>{say("newLine")}</td></tr>
          {SENDING.map(({ how, keys, title }) => <tr key={how}><td><Keys keys={[keys]} /></td><td>{say(title)}</td></tr>)}
          {COMMANDS.filter((each) => each.keys.length).map((each) => (
            <tr key={each.id}><td><Keys keys={each.keys} /></td><td>{say(each.title)}</td></tr>
          ))}
        </tbody>
      </table>
      <p className="soft hint">{say("pageHistory")}: {say("searchHelp")}</p>
      <label className="check">
        <input type="checkbox" checked={desk.prefs.singleKeys} onChange={({ target }) => desk.prefer({ singleKeys: target.checked })} />
        {say("singleKeys")}
      </label>
    </Dialog>
  );
}
