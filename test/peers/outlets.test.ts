/** The running bundle tells the outside: events to a file, syslog, a program and a webhook; call records; copies of messages. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:https";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PATIENCE_MS } from "../support/machine.ts";
import { Subnet } from "./support/addresses.ts";
import { QUICK_PROBES } from "./support/branchline.ts";
import { CertificateAuthority } from "./support/certificates.ts";
import { cleanUpAfterEach, defer } from "./support/cleanup.ts";
import { IncomingCall } from "./support/incoming-call.ts";
import { openOffice } from "./support/office.ts";
import { OutgoingCall } from "./support/outgoing-call.ts";
import { describeWith } from "./support/peers.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const net = new Subnet(59);
const proxy = net.at(1);
const UPSTREAM = { fr_timer: "500ms", hold: "0s", probe: QUICK_PROBES };

cleanUpAfterEach();

type Fields = Readonly<Record<string, unknown>>;

function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, "utf8").split(/\r?\n/).slice(0, -1) : [];
}

const eventsIn = (file: string) => linesOf(file).map((line) => JSON.parse(line) as Fields);
const namesIn = (file: string) => eventsIn(file).map(({ event }) => event);
const soon = { timeout: PATIENCE_MS };

test("outlets: an outage and an emergency call reach a file, a program and a syslog server, each event once", async () => {
  const folder = temporaryFolder();
  const [file, told] = [join(folder, "events.jsonl"), join(folder, "told")];
  const syslog = createSocket("udp4");
  const messages: string[] = [];
  syslog.on("message", (bytes) => messages.push(bytes.toString()));
  syslog.bind(0, "127.0.0.1");
  await once(syslog, "listening");
  defer(() => void syslog.close());
  const script = `printf '%s|%s|%s\\n' "$BRANCHLINE_EVENT" "$BRANCHLINE_NUMBER" "$1" >>${told}`;
  const { upstream, gateway, phone } = await openOffice(net, ({ upstream: one }) => ({
    upstream: { targets: [`sip:${one.sentBy}`], ...UPSTREAM },
    emergency: ["112"],
    events: { file, syslog: `udp:127.0.0.1:${syslog.address().port}` },
    hooks: [{ on: ["upstream_down", "emergency_call"], run: ["/bin/sh", "-c", script, "sh", "$(id); two words"] }],
  }));
  await upstream.close();
  await expect.poll(() => namesIn(file), soon).toEqual(["upstream_down"]);
  const call = await OutgoingCall.start(phone, { to: "sip:112@pbx.example.com", through: proxy });
  const helper = await IncomingCall.at(gateway);
  await Promise.all([call.established(), helper.answer()]);
  await upstream.reopen();
  await expect.poll(() => namesIn(file), soon).toEqual(["upstream_down", "emergency_call", "upstream_up"]);
  const [down, emergency, up] = eventsIn(file);
  expect(down).toMatchObject({ upstream: upstream.sentBy, calls_go_to: "gateway" });
  expect(emergency).toMatchObject({ number: "112", call_id: call.callId, from: expect.stringContaining("caller@") });
  expect(up).toMatchObject({ upstream: upstream.sentBy, calls_go_to: "upstream", down_s: expect.any(Number) });
  await expect
    .poll(() => linesOf(told), soon)
    .toEqual(["upstream_down||$(id); two words", "emergency_call|112|$(id); two words"]);
  await expect.poll(() => messages.length, soon).toBe(3);
  expect(messages.map((one) => JSON.parse(one.slice(one.indexOf("{"))) as Fields)).toEqual(eventsIn(file));
});

describeWith(["openssl", "TLS"], "a webhook", () => {
  test("outlets: a webhook that is away during an outage is told all of it, in order, once it is back", async () => {
    const authority = new CertificateAuthority();
    const { certificate, key } = authority.issue("hooks", "IP:127.0.0.1");
    const bodies: Fields[] = [];
    const server = () =>
      createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (request, response) => {
        let text = "";
        request.on("data", (piece: Buffer) => {
          text += piece.toString();
        });
        request.on("end", () => {
          bodies.push(JSON.parse(text) as Fields);
          response.writeHead(200, { connection: "close" }).end();
        });
      });
    const first = server().listen(0, "127.0.0.1");
    await once(first, "listening");
    const at = first.address();
    const port = at !== null && typeof at === "object" ? at.port : 0;
    const { upstream, branchline } = await openOffice(net, ({ upstream: one }) => ({
      upstream: { targets: [`sip:${one.sentBy}`], ...UPSTREAM },
      hooks: [{ url: `https://127.0.0.1:${port}/branch/17`, ca: authority.file }],
    }));
    await new Promise<void>((resolve) => first.close(() => resolve()));
    await upstream.close();
    await branchline.logs(/delivery_failed to=https:\/\/127\.0\.0\.1:\d+ .*ECONNREFUSED/);
    await upstream.reopen();
    await branchline.upstreamBecomes("up");
    const second = server().listen(port, "127.0.0.1");
    defer(() => void second.close());
    await expect.poll(() => bodies.map(({ event }) => event), soon).toEqual(["upstream_down", "upstream_up"]);
    await branchline.logs(/delivery_works to=https/);
    expect(new Set(bodies.map(({ id }) => id)).size).toBe(2);
  });
});

test("outlets: calls are recorded with their way and length, and what isn't over when branchline ends", async () => {
  const file = join(temporaryFolder(), "calls.csv");
  const { upstream, phone, branchline } = await openOffice(net, () => ({ records: file }));
  const start = () => OutgoingCall.start(phone, { to: "sip:5551234@pbx.example.com", through: proxy });
  const ended = await start();
  const callee = await IncomingCall.at(upstream, ended.callId);
  const [dialog] = await Promise.all([ended.established(), callee.answer()]);
  await dialog.ask("BYE", upstream);
  await expect.poll(() => linesOf(file).length, soon).toBe(2);
  const lasting = await start();
  await Promise.all([lasting.established(), IncomingCall.at(upstream, lasting.callId).then((one) => one.answer())]);
  const busy = await start();
  await Promise.all([
    busy.response(486),
    IncomingCall.at(upstream, busy.callId).then((one) => one.refuse(486, "Busy")),
  ]);
  await branchline.terminate();
  const [head = "", ...rows] = linesOf(file).map((line) => line.split(","));
  expect(head).toEqual("at,from,to,origin,state,status,after_ms,lasted_ms,rule,way,call_id".split(","));
  const brief = rows.map((row) => [row[2], row[3], row[4], row[5], row[8], row[9], row[10]]);
  const way = `upstream ${upstream.sentBy}`;
  expect(brief).toEqual([
    ["5551234", "localnet", "ended", "200", "call", way, ended.callId],
    ["5551234", "localnet", "up", "200", "call", way, lasting.callId],
    ["5551234", "localnet", "failed", "486", "call", way, busy.callId],
  ]);
  expect(rows.map((row) => row[7] !== "")).toEqual([true, true, false]);
});

test("outlets: a call that outlasts 200 others is recorded with its length, and so is each of them", async () => {
  const file = join(temporaryFolder(), "calls.jsonl");
  const { upstream, phone, branchline } = await openOffice(net, () => ({ records: file, limits: "none" }));
  const start = () => OutgoingCall.start(phone, { to: "sip:5551234@pbx.example.com", through: proxy });
  const lasting = await start();
  const callee = await IncomingCall.at(upstream, lasting.callId);
  const [dialog] = await Promise.all([lasting.established(), callee.answer()]);
  for (let count = 0; count < 205; count++) {
    const busy = await start();
    const refused = IncomingCall.at(upstream, busy.callId).then((one) => one.refuse(486, "Busy"));
    await Promise.all([busy.response(486), refused]);
  }
  await dialog.ask("BYE", upstream);
  await expect.poll(() => eventsIn(file), soon).toHaveLength(1);
  expect(eventsIn(file)[0]).toMatchObject({ call_id: lasting.callId, state: "ended", status: 200 });
  expect(eventsIn(file)[0]?.["lasted_ms"]).toBeGreaterThan(0);
  await branchline.terminate();
  expect(eventsIn(file)).toHaveLength(206);
});

test("outlets: each message is copied to the collector, without its secrets and its body", async () => {
  const collector = createSocket("udp4");
  const payloads: string[] = [];
  collector.on("message", (packet) => {
    for (let at = 6; at < packet.length; at += packet.readUInt16BE(at + 4)) {
      if (packet.readUInt16BE(at + 2) !== 15) continue;
      payloads.push(packet.toString("latin1", at + 6, at + packet.readUInt16BE(at + 4)));
    }
  });
  collector.bind(0, "127.0.0.1");
  await once(collector, "listening");
  defer(() => void collector.close());
  const { upstream, phone } = await openOffice(net, () => ({ hep: `127.0.0.1:${collector.address().port}` }));
  const secret = 'Authorization: Digest username="201", response="0123456789abcdef0123456789abcdef"';
  const call = await OutgoingCall.start(phone, { to: "sip:5551234@pbx.example.com", through: proxy, extra: [secret] });
  const callee = await IncomingCall.at(upstream, call.callId);
  expect(callee.invite.header("authorization")).toContain("0123456789abcdef");
  await callee.refuse(486, "Busy Here");
  await call.response(486);
  const ofCall = () => payloads.filter((one) => one.includes(call.callId));
  const starts = () => ofCall().map((one) => one.slice(0, one.indexOf("\r\n")).replace(/^(\S+ )\S+ /, "$1"));
  // In and out: INVITE, 100 or none, 486, ACK.
  await expect.poll(() => starts().filter((one) => one.startsWith("ACK")).length, soon).toBe(2);
  expect(starts().filter((one) => one.startsWith("INVITE"))).toHaveLength(2);
  expect(ofCall().join("")).not.toMatch(/0123456789abcdef|\r\nv=0/);
  expect(ofCall().filter((one) => /^Authorization: .*masked/m.test(one))).toHaveLength(2);
});
