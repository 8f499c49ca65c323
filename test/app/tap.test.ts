/** What an observer of the engine hears. */
import { expect, test } from "vitest";
import { loadConfig } from "../../src/app/config/load-config.ts";
import { Engine } from "../../src/app/engine.ts";
import type { Host } from "../../src/app/host.ts";
import { QUIET_HOST } from "../../src/app/quiet-host.ts";
import type { Happening } from "../../src/app/tap.ts";
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

const register = (cseq: number, contact: string) =>
  [
    "REGISTER sip:pbx.example.com SIP/2.0",
    `Via: SIP/2.0/UDP 10.222.237.21;branch=z9hG4bKr${cseq}`,
    "From: <sip:201@pbx.example.com>;tag=1",
    "To: <sip:201@pbx.example.com>",
    "Call-ID: r",
    `CSeq: ${cseq} REGISTER`,
    `Contact: ${contact}`,
    "Max-Forwards: 70",
    "\r\n",
  ].join("\r\n");

function office(yaml = SITE_YAML) {
  const sent: string[] = [];
  const transport = { ...QUIET_HOST.transport, send: (_: unknown, wire: string) => sent.push(wire) > 0 };
  let now_ms = 0;
  const host: Host = { ...QUIET_HOST, transport, now_ms: () => now_ms };
  const { config } = loadConfig(yaml, (path) => path);
  const [listener] = config.listeners;
  if (listener === undefined) throw new Error("no listener");
  const heard: Happening[] = [];
  const engine = new Engine(
    config,
    () => host,
    (entry) => void heard.push(entry),
  );
  const receive = (wire: string, address: string, port = 5060) => engine.onMessage(wire, { listener, address, port });
  const wait = (duration_ms: number) => {
    now_ms += duration_ms;
    engine.onWake();
  };
  return { engine, heard, sent, receive, wait };
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

test("a plan is heard of stage by stage, each before what it sends", () => {
  const { engine, heard, receive, wait } = office();
  engine.force("down");
  receive(INVITE, "10.222.237.21");
  wait(1_000);
  const told = heard.flatMap((entry) => {
    if (entry.kind === "stage") return [`${entry.method} ${entry.callId} ${entry.stage.kind}`];
    return entry.kind === "out" && /^SIP\/2.0 [13-6]/.test(entry.wire) ? [entry.wire.slice(8, 11)] : [];
  });
  expect(told).toEqual(["100", "INVITE 1 notice", "181", "INVITE 1 reply", "302"]);
});

test("a binding is heard of when it comes, moves, goes and is too old, and not when it is refreshed", () => {
  const { engine, heard, receive } = office(`${SITE_YAML}\nregistration: {unknown: localnet}\n`);
  engine.force("down");
  const told = () =>
    heard.splice(0).flatMap((entry) => {
      if (entry.kind !== "binding") return [];
      return [`${entry.change} ${entry.name} ${entry.contact} ${entry.flow.port}`];
    });
  const contact = "sip:201@10.222.237.21";
  receive(register(1, `<${contact}>`), "10.222.237.21");
  expect(told()).toEqual([`added 201@pbx.example.com ${contact} 5060`]);
  receive(register(2, `<${contact}>`), "10.222.237.21");
  expect(told()).toEqual([]);
  receive(register(3, `<${contact}>`), "10.222.237.21", 5070);
  expect(told()).toEqual([`moved 201@pbx.example.com ${contact} 5070`]);
  receive(register(4, `<${contact}>;expires=0`), "10.222.237.21", 5070);
  expect(told()).toEqual([`removed 201@pbx.example.com ${contact} 5070`]);
  receive(register(5, `<${contact}>`), "10.222.237.21");
  engine.bindings.expire(7 * 86_400_000);
  expect(told()).toEqual([`added 201@pbx.example.com ${contact} 5060`, `expired 201@pbx.example.com ${contact} 5060`]);
});

test("a phone that comes back with another Contact has its old binding removed", () => {
  const { engine, heard, receive } = office(`${SITE_YAML}\nregistration: {unknown: localnet}\n`);
  engine.force("down");
  const instance = ';+sip.instance="<urn:uuid:1>"';
  receive(register(1, `<sip:201@10.222.237.21>${instance}`), "10.222.237.21");
  receive(register(2, `<sip:201@10.222.237.29>${instance}`), "10.222.237.29");
  const told = heard.flatMap((entry) => (entry.kind === "binding" ? [`${entry.change} ${entry.contact}`] : []));
  expect(told).toEqual(["added sip:201@10.222.237.21", "removed sip:201@10.222.237.21", "added sip:201@10.222.237.29"]);
});
