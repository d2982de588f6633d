// The modal dialog: native, so focus stays in it, Escape closes it, and focus goes back where it was.
import { useEffect, useId, useLayoutEffect, useRef, type ReactNode } from "react";
import { say } from "../words";

export function Dialog({ title, close, children, wide = false }: {
  title: string;
  close: () => void;
  children: ReactNode;
  wide?: boolean;
}) {
  const ref = useRef<HTMLDialogElement>(null), name = useId();
  useEffect(() => {
    const dialog = ref.current;
    if (!dialog || dialog.open) return;
    dialog.showModal();
    // The browser takes the first control, which is the one that closes; what is asked comes first.
    dialog.querySelector<HTMLElement>(":is(form, .command) :is(input, select, textarea)")?.focus();
  }, []);
  // One that is taken from the page while it is open leaves the focus nowhere: it is closed first, still in its place.
  // (StrictMode does so to one that stays: it is open again when the browser tells of it.)
  useLayoutEffect(() => {
    const dialog = ref.current;
    return () => dialog?.close();
  }, []);
  return (
    <dialog ref={ref} className={wide ? "wide" : ""} aria-labelledby={name} onClose={() => { if (!ref.current?.open) close(); }}>
      <header className="row">
        <h2 id={name}>{title}</h2>
        <button type="button" className="quiet" aria-label={say("closeDialog")} onClick={() => ref.current?.close()}>✕</button>
      </header>
      {children}
    </dialog>
  );
}

/** The buttons below a form in a dialog. */
export function DialogButtons({ verb, disabled = false }: { verb: string; disabled?: boolean }) {
  return (
    <p className="row end">
      <button type="button" onClick={(event) => event.currentTarget.closest("dialog")?.close()}>{say("cancel")}</button>
      <button type="submit" className="primary" disabled={disabled}>{verb}</button>
    </p>
  );
}
