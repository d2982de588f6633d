import { expect, test } from "vitest";
import type { State } from "./frames";
import { bodyOfParts, headOfBody, replyBody, textOfBody, usualHead } from "./mail";

type Sent = Parameters<typeof usualHead>[0]["messages"][number];
const head = (more: object) => ({ kind: "mail", subject: "", to: [], cc: [], references: [], stranger: false, ...more });
const mail = (more: object): Sent => ({ direction: "inbound", parts: [head(more) as Sent["parts"][number]] });
const from = (...messages: Sent[]) => usualHead({ state: { contact: "anna@x.example" } as State, messages });

test("an answer says Re: once, in whatever tongue it was said before, and goes to everybody who took part", () => {
  const asked = mail({ subject: "Ynt: Re: Parcel", sender: "anna@x.example", to: ["Ben@x.example"], cc: ["ben@x.example", "eva@x.example"] });
  expect(from(asked)).toEqual({ subject: "Re: Parcel", cc: "ben@x.example, eva@x.example" });
});

test("where only we have written, the next mail answers our last one, and the first of all has its head to be filled", () => {
  const ours: Sent = { direction: "outbound", parts: [head({ subject: "Your parcel", cc: ["eva@x.example"] }) as Sent["parts"][number]] };
  expect(from(ours)).toEqual({ subject: "Re: Your parcel", cc: "eva@x.example" });
  const state = { contact: "anna@x.example", scheme: "mailto" } as State;
  expect(usualHead({ state, messages: [] })).toEqual({ subject: "", cc: "" });
  expect(usualHead({ state: { ...state, scheme: "tel" }, messages: [] })).toBeNull();
});

test("whom a stranger names is not answered unless the agent says so", () => {
  const asked = mail({ subject: "Parcel", sender: "anna@x.example", cc: ["eva@x.example"] });
  const stranger = mail({ subject: "Re: Parcel", sender: "who@y.example", cc: ["more@y.example"], stranger: true });
  expect(from(asked, stranger)?.cc).toBe("eva@x.example");
});

test("where nobody wrote a mail there is no head", () => expect(from({ direction: "inbound", parts: [{ kind: "text", text: "Hi" }] })).toBeNull());

test("a head that nobody changed is left to the server, a changed one is sent and comes back whole", () => {
  expect(replyBody("Hi", null)).toEqual({ text: "Hi" });
  const body = replyBody("Hi", { subject: "New", cc: " a@x.example;b@x.example, " });
  expect(body.parts).toEqual([{ kind: "mail", subject: "New", cc: ["a@x.example", "b@x.example"] }, { kind: "text", text: "Hi" }]);
  expect([textOfBody(body), headOfBody(body)]).toEqual(["Hi", { subject: "New", cc: "a@x.example, b@x.example" }]);
  expect(bodyOfParts([head({ subject: "New" }), { kind: "text", text: "Hi" }] as Sent["parts"]).parts?.[0]).toEqual({ kind: "mail", subject: "New", cc: [] });
});
