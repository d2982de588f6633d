import { afterEach, expect, test, vi } from "vitest";
import { api } from "../api/client";
import type { Panel, Plan } from "../api/schema";
import { addressesLeft, addressesOn, begin, canBeWrittenTo, nameOf, obstacle, waysTo, type Known, type Way } from "./begin";

const address = (scheme: string, value: string) => ({ scheme, value, display: "Anna" });
const plan = { begins: [{ account: "sms-main", channel: "twilio-sms", schemes: ["tel"] }, { account: "mail", channel: "email", schemes: ["mailto"] }] } as Plan;
const panel = { contact: { addresses: [address("tel", "+1"), address("visitor", "v1"), address("mailto", "a@x.example")] } } as Panel;
const known = (more: Partial<Known>): Known =>
  ({ id: "1-a", account: "sms-main", scheme: "tel", address: "+1", status: "closed", opted_out: false, owner: "", offered_to: "", ...more });

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

test("one writes first where an account can, and nowhere else", () => {
  expect(waysTo(panel, plan).map(nameOf)).toEqual(["sms-main tel:+1", "mail mailto:a@x.example"]);
  expect(waysTo(panel, { ...plan, begins: [] })).toEqual([]);
});

test("who left an address is written to there first, at the latest one, and nobody by an address of ours", () => {
  const left = (email: string, direction: "inbound" | "outbound" = "inbound") =>
    ({ direction, parts: [{ kind: "contact-card" as const, name: "", phones: [], emails: [email] }] });
  const said = [left("old@x.example"), { direction: "inbound" as const, parts: [{ kind: "text" as const, text: "Hello" }] }, left("new@x.example"), left("us@x.example", "outbound"), left("a@x.example")];

  expect(waysTo(panel, plan, addressesLeft(said)).map(nameOf)).toEqual(
    ["mail mailto:a@x.example", "mail mailto:new@x.example", "mail mailto:old@x.example", "sms-main tel:+1"]);
  expect(addressesLeft([])).toEqual([]);
});

test("of a card that was left, those addresses can be written to that an account here can reach", () => {
  const onlySms = { begins: plan.begins.slice(0, 1) } as Plan;
  const card = addressesOn({ name: "Anna", emails: ["a@x.example"], phones: ["+2"] });
  expect(card.filter((one) => canBeWrittenTo(one, plan)).map(({ value }) => value)).toEqual(["a@x.example", "+2"]);
  expect(card.filter((one) => canBeWrittenTo(one, onlySms)).map(({ value }) => value)).toEqual(["+2"]);
});

test("what is open or wanted no more stands in the way, of the same account and address only", () => {
  const [sms, mail] = waysTo(panel, plan) as [Way, Way], open = known({ status: "active", owner: "ben" });
  expect(obstacle(sms, [known({}), open])).toBe(open);
  expect(obstacle(sms, [known({ opted_out: true })])?.opted_out).toBe(true);
  expect(obstacle(sms, [known({}), { ...open, scheme: "whatsapp" }, { ...open, account: "sms-other" }, { ...open, address: "+2" }])).toBeUndefined();
  expect(obstacle(mail, [{ ...open, account: "mail", scheme: "mailto", address: "a@x.example" }])).toBeUndefined();
});

test("what is decided and not yet in the log is asked again under the same key", async () => {
  const keys: string[] = [], [way] = waysTo(panel, plan) as [Way];
  vi.useFakeTimers();
  vi.spyOn(api, "POST").mockImplementation((_, { params }: { params: { header: Record<string, string> } }) => {
    keys.push(params.header["idempotency-key"] ?? "");
    const data = { status: keys.length < 2 ? "pending" : "done", conversation: "1-new" };
    return Promise.resolve({ data, response: Response.json(data) }) as never;
  });

  const begun = begin(way, "k".repeat(32));
  await vi.advanceTimersByTimeAsync(2_000);

  expect(await begun).toBe("1-new");
  expect(keys).toEqual(["k".repeat(32), "k".repeat(32)]);
});
