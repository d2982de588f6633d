// A dialog that asks for something and does it.
import type { ReactNode } from "react";
import { Dialog, DialogButtons } from "./Dialog";

const given = (form: HTMLFormElement): Record<string, string> =>
  Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, typeof value === "string" ? value : ""]));

/** A form in a dialog; Enter in a select sends it too. */
export function Asking({ title, verb, close, done, children, disabled = false }: {
  title: string; verb: string; disabled?: boolean; close: () => void; done: (given: Record<string, string>) => void; children: ReactNode;
}) {
  return (
    <Dialog title={title} close={close}>
      {/* Keys are caught for what is inside the form; the form itself is no control. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- as above */}
      <form onSubmit={(event) => {
        event.preventDefault();
        done(given(event.currentTarget));
        close();
      }} onKeyDown={(event) => {
        if (event.key !== "Enter" || !(event.target instanceof HTMLSelectElement)) return;
        event.preventDefault();
        if (!disabled) event.currentTarget.requestSubmit(); // as Enter in an input does
      }}>
        {children}
        <DialogButtons verb={verb} disabled={disabled} />
      </form>
    </Dialog>
  );
}
