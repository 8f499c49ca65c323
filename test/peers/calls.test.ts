/** `branchline calls` against the running bundle: a rescued call, those that come, and what a restart leaves of them. */
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PROGRAM } from "../support/program.ts";
import { Subnet } from "./support/addresses.ts";
import { Child } from "./support/child.ts";
import { cleanUpAfterEach, defer } from "./support/cleanup.ts";
import { type Office, openOffice } from "./support/office.ts";
import { OutgoingCall } from "./support/outgoing-call.ts";

const net = new Subnet(90);
const proxy = net.at(1);

cleanUpAfterEach();

const office = () =>
  openOffice(net, ({ upstream }) => ({
    upstream: { targets: [`sip:${upstream.sentBy}`], fr_timer: "500ms" },
    survival: { notice_hold: "0s" },
  }));

/** Upstream is silent, the phone follows its redirect, and the gateway is busy. */
async function rescued({ upstream, gateway, phone }: Office) {
  upstream.isAlive = false;
  const call = await OutgoingCall.start(phone, { to: "sip:5551234@pbx.example.com", through: proxy });
  await call.response(302);
  const again = await OutgoingCall.start(phone, { to: `sip:5551234@${gateway.sentBy}`, through: proxy, after: call });
  const invite = await gateway.next({ method: "INVITE", callId: call.callId });
  await gateway.reply(invite, 486, "Busy Here");
  await again.response(486);
  return call.callId;
}

/** The command, until the test ends, once it has printed the call that there is already. */
async function follow({ upstream, phone, branchline }: Office, ...words: readonly string[]): Promise<Child> {
  const call = await OutgoingCall.start(phone, { to: "sip:5551234@pbx.example.com", through: proxy });
  await upstream.reply(await upstream.next({ method: "INVITE", callId: call.callId }), 404, "Not Found");
  await call.response(404);
  const child = new Child(PROGRAM.command, [...PROGRAM.first, "calls", "--follow", ...words, "-c", branchline.file]);
  defer(() => child.stop("SIGKILL"));
  await child.line(new RegExp(call.callId));
  return child;
}

test("calls: a rescued call is one entry, with its whole way and its Call-ID", async () => {
  const all = await office();
  const callId = await rescued(all);
  const { branchline, gateway, upstream } = all;
  const text = await branchline.command("calls");
  expect(text.match(/Call-ID/g)).toHaveLength(1);
  expect(text.replace(/\n {4}/g, " ")).toMatch(
    new RegExp(
      `upstream ${upstream.sentBy} \\(no answer for \\d+ m?s\\) > 302 > gateway ${gateway.sentBy}: 486 after `,
    ),
  );
  expect(text).toContain(`Call-ID ${callId}`);
  expect(await branchline.command("calls", "5551234")).toBe(text);
  expect(await branchline.command("calls", callId)).toBe(text);
  expect(await branchline.command("calls", "299")).toBe("No call of 299 is known.\n");
  const [call, ...rest] = JSON.parse(await branchline.command("calls", "--json"));
  expect(rest).toEqual([]);
  expect(call).toMatchObject({ call_id: callId, to: "5551234", state: "failed", status: 486, legs: [{}, {}] });
  expect(call.at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

test("calls: -n says how many; the newest comes first", async () => {
  const { branchline, phone } = await office();
  for (const number of ["1", "2", "3"]) {
    const call = await OutgoingCall.start(phone, { to: `sip:${number}@${proxy.host}`, through: proxy });
    await call.final();
  }
  const calls = JSON.parse(await branchline.command("calls", "--json", "-n", "2"));
  expect(calls.map(({ to }: { to: string }) => to)).toEqual(["3", "2"]);
  await expect(branchline.command("calls", "-n", "none")).rejects.toMatchObject({ code: 2 });
});

test("calls: the list is kept over a restart, for its owner alone; a damaged file is told of and left out", async () => {
  const all = await office();
  const callId = await rescued(all);
  const { branchline } = all;
  const file = join(branchline.stateFolder, "calls.jsonl");
  await branchline.terminate();
  expect(statSync(file).mode & 0o777).toBe(0o600);
  await branchline.restart();
  const [call] = JSON.parse(await branchline.command("calls", "--json"));
  expect(call).toMatchObject({ call_id: callId, status: 486 });
  await branchline.terminate();
  writeFileSync(file, readFileSync(file, "utf8").slice(0, -20));
  writeFileSync(`${file}.old`, "torn");
  await branchline.restart();
  expect(branchline.lines.join("\n")).toMatch(/calls_unreadable error=/);
  expect(await branchline.command("calls")).toBe("No call yet.\n");
});

test("calls: followed through a pipe, calls come as they begin and end; Ctrl-C ends it", async () => {
  const all = await office();
  const lines = await follow(all);
  const data = await follow(all, "--json", "5551234");
  const callId = await rescued(all);
  expect(await lines.line(new RegExp(`486 after .* Call-ID ${callId}$`))).toContain("to 5551234");
  const line = await data.line(/"status":486/);
  expect(JSON.parse(line)).toMatchObject({ call_id: callId, state: "failed" });
  lines.signal("SIGINT");
  expect(await lines.ended).toBe(0);
});

test("calls: what is followed is followed over a restart", async () => {
  const all = await office();
  const { branchline, upstream } = all;
  const lines = await follow(all);
  await branchline.terminate();
  await lines.line(/doesn't answer any more/);
  await branchline.restart();
  await branchline.upstreamIs("up");
  upstream.isAlive = true;
  await rescued(all);
  await lines.line(/486 after/);
});
