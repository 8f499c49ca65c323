/** What an observer of the engine hears. */
import { expect, test } from "vitest";
import { loadConfig } from "../../src/app/config/load-config.ts";
import { Engine } from "../../src/app/engine.ts";
import type { Host } from "../../src/app/host.ts";
import { QUIET_HOST } from "../../src/app/quiet-host.ts";
import type { JournalEntry } from "../../src/app/tap.ts";
import { SITE_YAML } from "../support/site.ts";

const INVITE = [
  "INVITE sip:5551234@pbx.example.com SIP/2.0",
  "Via: SIP/2.0/UDP 10.222.237.21;branch=z9hG4bK1",
  "From: <sip:201@pbx.example.com>;tag=1",
  "To: <sip:5551234@pbx.example.com>",
  "Call-ID: 1",
  "CSeq: 1 INVITE",
  "Max-Forwards: 70",
  "\r\n",
].join("\r\n");

function office() {
  const sent: string[] = [];
  const transport = { ...QUIET_HOST.transport, send: (_: unknown, wire: string) => sent.push(wire) > 0 };
  const host: Host = { ...QUIET_HOST, transport };
  const { config } = loadConfig(SITE_YAML, (path) => path);
  const [listener] = config.listeners;
  if (listener === undefined) throw new Error("no listener");
  const heard: JournalEntry[] = [];
  const engine = new Engine(
    config,
    () => host,
    (entry) => void heard.push(entry),
  );
  const receive = (wire: string, address: string) => engine.onMessage(wire, { listener, address, port: 5060 });
  return { engine, heard, sent, receive };
}

test("a call: what came, what was decided, what left, in this order", () => {
  const { engine, heard, sent, receive } = office();
  engine.force("down");
  receive(INVITE, "10.222.237.21");
  const kinds = heard.map(({ kind }) => kind);
  expect(kinds.indexOf("in")).toBeLessThan(kinds.indexOf("decision"));
  expect(heard.find(({ kind }) => kind === "in")).toMatchObject({ wire: INVITE });
  expect(heard.find(({ kind }) => kind === "decision")).toMatchObject({ method: "INVITE", callId: "1" });
  expect(heard.flatMap((entry) => (entry.kind === "out" ? [entry.wire] : []))).toEqual(sent);
  expect(sent.length).toBeGreaterThan(0);
});

test("a message that is dropped is heard of with the reason", () => {
  const { heard, receive } = office();
  receive(INVITE, "192.0.2.66");
  expect(heard.flatMap((entry) => (entry.kind === "drop" ? [entry.reason] : []))).toContain("forbidden");
  expect(heard.map(({ kind }) => kind)).not.toContain("decision");
});

test("an edge of upstream's state is heard of", () => {
  const { engine, heard } = office();
  engine.start();
  engine.force("down");
  expect(heard.flatMap((entry) => (entry.kind === "edge" ? [entry.edge.to] : []))).toEqual(["down"]);
});
