/** `branchline trace` as an operator has it: ladders, whole messages, and what it says where there is nothing. */
import { expect, test } from "vitest";
import { Subnet } from "./support/addresses.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { openOffice } from "./support/office.ts";
import { OutgoingCall } from "./support/outgoing-call.ts";
import { NUMBER, SECRET, wholeCall } from "./support/traced-call.ts";

const net = new Subnet(126);
const proxy = net.at(1);

cleanUpAfterEach();

test("trace: a call's ladder by extension, with the rule, its states and the way it took", async () => {
  const { upstream, phone, branchline } = await openOffice(net, () => ({}));
  const callId = await wholeCall(phone, upstream, proxy);
  const ladder = await branchline.command("trace", callId);
  expect(ladder).toContain(`upstream ${upstream.sentBy}`);
  expect(ladder).toMatch(/0\.000 {2}\|-+ INVITE \+body -+>\|/);
  expect(ladder).toMatch(/\| +rule call: /);
  expect(ladder).toMatch(/\|<-+ 200 OK( \+body)? -+\| +\| {2}up$/m);
  expect(ladder).toMatch(/BYE -+>\|.* ended$/m);
  expect(ladder).toMatch(/200 OK \(BYE\)/);
  expect(await branchline.command("trace")).toBe(ladder);
  await expect(branchline.command("trace", "nobody")).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining("no call of nobody"),
  });
});

test("trace: whole messages without secrets, and with them for who asks", async () => {
  const { upstream, phone, branchline } = await openOffice(net, () => ({}));
  await wholeCall(phone, upstream, proxy);
  const raw = await branchline.command("trace", "--raw");
  expect(raw).toContain('    Proxy-Authorization: Digest response="masked"\n');
  expect(raw).toContain("    X-Masked-Body: ");
  expect(raw).not.toContain(SECRET);
  expect(raw).not.toContain("v=0");
  const all = await branchline.command("trace", "--raw", "--unmasked");
  expect(all).toContain(SECRET);
  expect(all).toContain("    v=0\n");
});

test("trace: a call in an outage says why, and what the caller was told", async () => {
  const { phone, branchline } = await openOffice(net, () => ({ survival: { notice_hold: "0s" } }));
  await branchline.command("force", "down");
  const call = await OutgoingCall.start(phone, { to: NUMBER, through: proxy });
  await call.response(302);
  const ladder = await branchline.command("trace");
  expect(ladder.replace(/\n[ |]+/g, " ")).toMatch(/rule call: .*down/);
  expect(ladder).toMatch(/302 Moved Temporarily -+\| {2}redirected$/m);
});

test("trace: where the journal is off, it says so", async () => {
  const { branchline } = await openOffice(net, () => ({ journal: "off" }));
  await expect(branchline.command("trace")).rejects.toMatchObject({
    code: 1,
    stderr: "The journal is off: the file says journal: off\n",
  });
});
