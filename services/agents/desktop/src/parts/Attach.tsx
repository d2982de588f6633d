// Files of a reply: a button, dropping and pasting, and what became of each, with a way to take it back.
import { useEffect, type ClipboardEvent, type DragEvent } from "react";
import { fileRule, ruleWords } from "../live/files";
import type { Held } from "../live/state";
import { say, sizeOf } from "../words";
import { Icon } from "./Icon";
import { useDesk } from "./use";

/** Chooses files; where the channel takes none it says so before anything is written. */
export function AttachButton({ each, can }: { each: Held; can: boolean }) {
  const desk = useDesk(), rule = fileRule(desk.names.plan, each.state.channel);
  const words = rule ? ruleWords(rule) : say("noFiles");
  return (
    <label className={can && rule ? "button quiet attach" : "button quiet attach off"} title={words}>
      <Icon name="attach" /> <span className="wide-only">{say("attach")}</span>
      <input
        id="attach" type="file" multiple className="hidden" disabled={!can || !rule} aria-label={`${say("attach")}: ${words}`}
        onChange={({ target }) => {
          desk.uploads.add(each.id, each.state.channel, [...(target.files ?? [])]);
          target.value = ""; // the same file once more is a change again
        }}
      />
    </label>
  );
}

/** What goes along with the reply, what is on its way, and what was refused. */
export function Attachments({ each }: { each: Held }) {
  const desk = useDesk(), kept = desk.drafts.draft(each.id).files ?? [], uploads = desk.uploads.of(each.id);
  if (!kept.length && !uploads.length) return null;
  return (
    <ul className="plain files" aria-label={say("attachedFiles")}>
      {kept.map(({ file, name, size }) => (
        <li key={file}>
          <span>{name || "?"} <span className="soft">{sizeOf(size)}</span></span>
          <Remove name={name} act={() => desk.uploads.detach(each.id, file)} />
        </li>
      ))}
      {uploads.map(({ id, name, size, sent, problem }) => (
        <li key={id} className={problem && "bad"}>
          <span role={problem ? "alert" : undefined}>{problem ? `${name}: ${problem}` : name}</span>
          {!problem && <progress max={size} value={sent} aria-label={name} />}
          <Remove name={name} act={() => desk.uploads.remove(each.id, id)} />
        </li>
      ))}
    </ul>
  );
}

function Remove({ name, act }: { name: string; act: () => void }) {
  return <button type="button" className="quiet" aria-label={say("removeNamed", { name })} onClick={act}><Icon name="cross" /></button>;
}

/** What the composer does with files that are dropped or pasted; words that are pasted go their usual way. */
export function useFiles(each: Held, can: boolean) {
  const desk = useDesk();
  useEffect(() => {
    // A file dropped beside the composer would be opened in place of the desk.
    const guard = (event: globalThis.DragEvent) => {
      if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
    };
    window.addEventListener("dragover", guard);
    window.addEventListener("drop", guard);
    return () => {
      window.removeEventListener("dragover", guard);
      window.removeEventListener("drop", guard);
    };
  }, []);
  const add = (files: FileList) => {
    if (can) desk.uploads.add(each.id, each.state.channel, [...files]);
  };
  return {
    onDrop: (event: DragEvent) => {
      if (event.dataTransfer.files.length) {
        event.preventDefault();
        add(event.dataTransfer.files);
      }
    },
    onPaste: (event: ClipboardEvent) => {
      if (event.clipboardData.files.length && !event.clipboardData.types.includes("text/plain")) {
        event.preventDefault();
        add(event.clipboardData.files);
      }
    },
  };
}
