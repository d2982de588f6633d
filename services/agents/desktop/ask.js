// Small pieces of page: making elements, lists that keep their elements, and the one dialog.
import { say } from "/desk/words.js";

export const $ = (id) => document.getElementById(id);

/** An element. Text goes in as text, never as markup. */
export function h(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** Show `items` in `parent`, one element each, kept by key so that focus and selection survive. */
export function keyed(parent, items, { key, make, update }) {
  const before = new Map([...parent.children].map((element) => [element.dataset.key, element]));
  items.forEach((item, place) => {
    const element = before.get(key(item)) ?? make(item);
    element.dataset.key = key(item);
    before.delete(key(item));
    if (parent.children[place] !== element) parent.insertBefore(element, parent.children[place] ?? null);
    update(element, item);
  });
  for (const gone of before.values()) gone.remove();
}

/** Set text only where it differs: an untouched node keeps the reader's selection and is not announced again. */
export const put = (element, text) => { if (element.textContent !== text) element.textContent = text; };

/** Ask in the dialog. Fields: {name, label, options: [[value, text]]?, value?}. The values, or null when cancelled. */
export function ask(title, fields, verb) {
  const dialog = $("ask"), form = dialog.querySelector("form");
  put($("ask-title"), say(title));
  put($("ask-ok"), say(verb));
  $("ask-fields").replaceChildren(...fields.map(({ name, label, options, value = "" }) => h("label", {}, say(label), options
    ? h("select", { name }, ...options.map(([v, text]) => h("option", { value: v, textContent: text })))
    : h("input", { name, value, maxLength: 200, autocomplete: "off" }))));
  $("ask-cancel").onclick = () => dialog.close("");
  return new Promise((answer) => {
    form.onkeydown = (event) => { // a select keeps Enter for itself
      if (event.key === "Enter" && event.target.tagName === "SELECT") { event.preventDefault(); form.requestSubmit($("ask-ok")); }
    };
    form.onsubmit = () => { dialog.returnValue = "ok"; };
    dialog.onclose = () => answer(dialog.returnValue === "ok" ? Object.fromEntries(new FormData(form)) : null);
    dialog.returnValue = "";
    $("ask-ok").value = "ok";
    dialog.showModal();
  });
}
