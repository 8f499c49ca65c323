/** `branchline watch` and `trace --follow` as an operator has them: in a real terminal, and without one. */
import { expect, test } from "vitest";
import { PATIENCE_MS } from "../support/machine.ts";
import { PROGRAM } from "../support/program.ts";
import { Subnet } from "./support/addresses.ts";
import { Child } from "./support/child.ts";
import { cleanUpAfterEach, defer } from "./support/cleanup.ts";
import type { Dialog } from "./support/dialog.ts";
import { IncomingCall } from "./support/incoming-call.ts";
import { type Office, openOffice } from "./support/office.ts";
import { OutgoingCall } from "./support/outgoing-call.ts";
import { describeWith } from "./support/peers.ts";
import { Terminal, type TerminalWish } from "./support/tmux.ts";
import { NUMBER, SECRET, wholeCall } from "./support/traced-call.ts";

const net = new Subnet(127);
const proxy = net.at(1);
const LIST = /q: quit/;

cleanUpAfterEach();

const office = () => openOffice(net, () => ({ survival: { notice_hold: "0s" } }));
const watchOf = ({ branchline }: Office, wish?: TerminalWish) => Terminal.open(["watch", "-c", branchline.file], wish);
const programOf = (...words: string[]) => new Child(PROGRAM.command, [...PROGRAM.first, ...words]);

/** A call to upstream that is up. @returns the caller's side */
async function callThatIsUp({ phone, upstream }: Office, to: string): Promise<Dialog> {
  const call = await OutgoingCall.start(phone, { to: `sip:${to}@pbx.example.com`, through: proxy });
  const incoming = await IncomingCall.at(upstream, call.callId);
  const answered = incoming.answer();
  const dialog = await call.established();
  await answered;
  return dialog;
}

describeWith(["tmux"], "in a terminal", () => {
  test("watch: the screen follows states and calls; keys open a call's ladder, which grows, and end it all", async () => {
    const place = await office();
    const { upstream, gateway, phone, branchline } = place;
    const terminal = watchOf(place);
    const first = await terminal.shows(LIST);
    expect(first).toContain(`Upstream ${upstream.sentBy}: up for`);
    expect(first).toContain(`Gateway ${gateway.sentBy}:`);
    expect(first).toMatch(/^Phones: none registered$/m);
    expect(first).toMatch(/^Calls now: none$/m);
    await wholeCall(phone, upstream, proxy);
    const open = await callThatIsUp(place, "5559999");
    await terminal.shows(/^> .* to 5559999 {2}upstream .*: 200 after .*, up for/m);
    expect(terminal.screen()).toMatch(/^Calls now: 1/m);
    expect(terminal.screen()).toMatch(/^Last calls:\n {2}.* to 5551234 .*: 200 after .*, lasted/m);
    terminal.press("j");
    await terminal.shows(/^> .* to 5551234 /m);
    terminal.press("Up");
    await terminal.shows(/^> .* to 5559999 /m);
    terminal.press("Enter");
    await terminal.shows(/0\.000 {2}\|-+ INVITE \+body -+>\|/);
    await terminal.shows(/rule call: /);
    expect(terminal.screen()).toMatch(/Esc: back/);
    await open.ask("BYE", upstream);
    await terminal.shows(/BYE -+>\|.* ended$/m);
    terminal.press("Escape");
    await terminal.shows(/^Last calls:\n> .* to 5559999 .*, lasted/m);
    await branchline.command("force", "down");
    await terminal.shows(/^Upstream is FORCED down/m);
    terminal.press("q");
    await terminal.isRestored();
    expect(terminal.screen()).toContain("ended 0");
  });

  test("watch: whole messages in a ladder scroll, and no secret is shown", async () => {
    const place = await office();
    await wholeCall(place.phone, place.upstream, proxy);
    const terminal = watchOf(place);
    await terminal.shows(/^> .* to 5551234 /m);
    terminal.press("Enter");
    await terminal.shows(/INVITE \+body/);
    terminal.press("r");
    await terminal.shows(/quit {3}\d+ of \d+$/m);
    let all = "";
    for (let pages = 0; !/ (\d+) of \1$/m.test(terminal.screen()) && pages < 100; pages++) {
      all += terminal.screen();
      const before = /quit {3}\d+ of \d+$/m.exec(terminal.screen())?.[0] ?? "";
      terminal.press("PageDown");
      await expect.poll(() => terminal.screen()).not.toContain(before);
    }
    expect(all).toContain('Proxy-Authorization: Digest response="masked"');
    expect(all).not.toContain(SECRET);
    terminal.press("q");
    await terminal.isRestored();
  });

  test("watch: another size of the terminal is another screen, whose lines all fit", async () => {
    const place = await office();
    for (const to of ["1111", "2222", "3333"]) await callThatIsUp(place, to);
    const terminal = watchOf(place);
    await terminal.shows(/ 3333 /);
    for (const [columns, rows] of [
      [120, 40],
      [50, 12],
      [80, 24],
    ] as const) {
      terminal.resize(columns, rows);
      const helpAt = () =>
        terminal
          .screen()
          .split("\n")
          .findIndex((line) => line.startsWith("arrows, j, k: choose"));
      const whole = () => ({ isAtTop: terminal.screen().startsWith("branchline 0"), helpAt: helpAt() });
      await expect.poll(whole, { timeout: PATIENCE_MS }).toEqual({ isAtTop: true, helpAt: rows - 1 });
      expect(terminal.screen().match(/^> .* to 3333 /gm)).toHaveLength(1);
      // A line as long as the screen is wide has its last character.
      if (columns === 50) expect(terminal.screen()).toMatch(/^> .{48}$/m);
    }
    terminal.press("C-c");
    await terminal.isRestored();
    expect(terminal.screen()).toContain("ended 0");
  });

  test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)("watch: %s leaves the terminal as it was", async (signal) => {
    const terminal = watchOf(await office());
    await terminal.shows(LIST);
    terminal.signal(signal);
    await terminal.isRestored();
    expect(terminal.screen()).toContain("ended 0");
  });

  test("watch: a branchline that is gone is waited for, and meanwhile the screen can be left", async () => {
    const place = await office();
    const [staying, leaving] = [watchOf(place), watchOf(place)];
    await callThatIsUp(place, "4444");
    for (const one of [staying, leaving]) await one.shows(/ to 4444 /);
    await place.branchline.kill();
    await staying.shows(/^NO ANSWER: branchline doesn't answer any more; waiting for it$/m);
    await leaving.shows(/^NO ANSWER/m);
    leaving.press("q");
    await leaving.isRestored();
    await place.branchline.restart();
    await expect.poll(() => staying.screen()).not.toContain("NO ANSWER");
    await staying.shows(/^Upstream .*: up for/m);
    staying.press("q");
    await staying.isRestored();
  });

  test("watch: colours are as NO_COLOR wants them", async () => {
    const place = await office();
    const [coloured, plain] = [watchOf(place, { isColoured: true }), watchOf(place)];
    await coloured.shows(LIST);
    await plain.shows(LIST);
    const isGreen = (screen: string) => screen.includes("\u001b[32mup\u001b[");
    expect(isGreen(coloured.screen(true))).toBe(true);
    expect(plain.screen(true)).not.toContain("\u001b[");
    for (const terminal of [coloured, plain]) {
      terminal.press("q");
      await terminal.isRestored();
    }
  });

  test("trace: a ladder fits the terminal, and one that is followed grows until Ctrl-C", async () => {
    const place = await office();
    const { phone, upstream, branchline } = place;
    const terminal = Terminal.open(["trace", "--follow", "-c", branchline.file], { columns: 100, rows: 60 });
    const open = await callThatIsUp(place, "5551234");
    await terminal.shows(/ 200 OK \+body -+\| +\| {2}up$/m);
    await open.ask("BYE", upstream);
    await terminal.shows(/BYE -+>\|.* ended$/m);
    await terminal.shows(/200 OK \(BYE\)/);
    expect(terminal.screen().match(/rule call: /g)).toHaveLength(1);
    await wholeCall(phone, upstream, proxy);
    await expect.poll(() => terminal.screen().match(/ INVITE \+body -+>\|/g)?.length).toBe(4);
    terminal.press("C-c");
    await terminal.isRestored();
    const once = Terminal.open(["trace", "-c", branchline.file], { rows: 60 });
    await once.isRestored();
    expect(once.screen()).toMatch(/BYE -+>\|.* ended$/m);
  });
});

test("watch: without a terminal, changes of states and calls come as lines", async () => {
  const place = await office();
  const { phone, upstream, branchline } = place;
  const child = programOf("watch", "-c", branchline.file);
  defer(() => child.stop());
  await child.line(/^Calls now: none$/);
  await wholeCall(phone, upstream, proxy);
  await child.line(/^\d{4}-\d\d-\d\d .* to 5551234 {2}upstream .*: 200 after .*, lasted .*Call-ID /);
  await branchline.command("force", "down");
  await child.line(/^\d{4}-\d\d-\d\d [\d:]+ {2}upstream: up to down, forced$/);
  const call = await OutgoingCall.start(phone, { to: NUMBER, through: proxy });
  await call.response(302);
  await child.line(/ to 5551234 {2}redirect to gateway .*: 302 after/);
  expect(child.lines.join("\n")).not.toContain("\u001b");
});

test("watch: where none runs, it says so", async () => {
  const { branchline } = await office();
  await branchline.kill();
  const child = programOf("watch", "-c", branchline.file);
  expect(await child.ended).toBe(1);
  expect(child.lines.join("\n")).toContain("branchline isn't running with");
});
