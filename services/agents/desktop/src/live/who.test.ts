import { expect, test } from "vitest";
import { whoOf } from "./who";

const VISITOR = "dcc5fa2168af4e0f9b6a2f1f0a7c3d11";

test("a customer is called by their name, else by their address", () => {
  expect(whoOf({ display: "Anna", channel: "twilio-sms", contact: "+37120000001" })).toBe("Anna");
  expect(whoOf({ display: "", channel: "twilio-sms", contact: "+37120000001" })).toBe("+37120000001");
  expect(whoOf({ display: null, channel: "email", address: "anna@shop.example" })).toBe("anna@shop.example");
});

test("a visitor nobody knows has a sign short enough to say, a shop's customer the shop's name for them", () => {
  expect(whoOf({ display: "", channel: "webchat", contact: VISITOR })).toBe("Visitor dcc5");
  expect(whoOf({ display: "", channel: "webchat", contact: "anna-7" })).toBe("anna-7");
});
