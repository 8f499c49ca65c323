/**
 * The Node that an EdgeRouter X gets: built from Debian's packages, run by qemu-user with nothing but its own image, and
 * branchline on it.
 *
 *   phone ── branchline (Node 18, mipsel) ──┬── upstream
 *                                           └── gateway
 */

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hostPort, Subnet } from "../peers/support/addresses.ts";
import { converse } from "../peers/support/both-ways.ts";
import { Branchline, QUICK_PROBES } from "../peers/support/branchline.ts";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { OutgoingCall } from "../peers/support/outgoing-call.ts";
import { describeWith } from "../peers/support/peers.ts";
import { register } from "../peers/support/registration.ts";
import { SipAgent } from "../peers/support/sip-agent.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";
import { newToken, requestText } from "../sip/build.ts";
import { uriIn } from "../sip/message.ts";
import { byNode } from "../support/program.ts";
import { buildRuntime, nodeOf, RUNTIME_FOLDER, RUNTIME_IMAGE } from "./support/runtime-image.ts";

const net = new Subnet(61);
const proxy = net.at(1);
const outwards = { to: "sip:5551234@pbx.example.com", through: proxy };
const BUILD_LIMIT_MS = 180_000;
const MOST_BYTES = 16_000_000;
/** Under qemu-user, before its compiler has seen the code. */
const SLOW_MS = 10_000;
const IMAGE = "/run/branchline/node/";
const QUESTIONS = [
  "process.version",
  "process.arch",
  "1.5 * 2",
  '["ä", "z", "a"].sort((a, b) => a.localeCompare(b)).join("")',
  'new Date(0).toLocaleString("en-US", { dateStyle: "full", timeStyle: "short", timeZone: "Europe/Berlin" })',
  'new Intl.NumberFormat("en", { style: "currency", currency: "EUR" }).format(1234.5)',
  '/^\\p{Lu}$/u.test("Ä")',
  'new URL("http://bücher.example").host',
];

cleanUpAfterEach();

describeWith(["mksquashfs", "unsquashfs", "qemu-mipsel-static", "namespaces"], "the ER-X runtime", () => {
  const folder = mkdtempSync(join(tmpdir(), "branchline-runtime-"));
  let node = "";

  beforeAll(() => {
    console.log(`ER-X runtime: ${buildRuntime()}`);
    node = nodeOf(RUNTIME_IMAGE, folder);
  }, BUILD_LIMIT_MS);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("is small, and its manifest tells what it is made of", () => {
    const manifest = JSON.parse(readFileSync(join(RUNTIME_FOLDER, "manifest.json"), "utf8"));
    const licenses = readFileSync(join(RUNTIME_FOLDER, "LICENSES"), "utf8");
    const licensed = [...licenses.matchAll(/^={8} (.+) \S+ \([^()]*\)\n\n\S/gm)].flatMap(([, names = ""]) =>
      names.split(", "),
    );
    expect(readFileSync(RUNTIME_IMAGE).length).toBeLessThanOrEqual(MOST_BYTES);
    expect(manifest.bytes).toBe(readFileSync(RUNTIME_IMAGE).length);
    for (const pin of manifest.packages) {
      expect(pin).toMatchObject({ version: /\d/, source: /^\S+ \S+$/, sha256: /^[0-9a-f]{64}$/ });
      expect(existsSync(join(folder, "image/licences", pin.name))).toBe(true);
      expect(licensed, pin.name).toContain(pin.name);
    }
    expect(licensed).toContain("/usr/share/common-licenses");
  });

  test("is built anew with the same bytes, whoever builds it where and when", { timeout: BUILD_LIMIT_MS }, () => {
    const out = temporaryFolder();
    const [umask, surroundings] = [
      process.umask(0o077),
      { TZ: "Asia/Tokyo", SOURCE_DATE_EPOCH: "1", LANG: "tr_TR.UTF-8" },
    ];
    try {
      buildRuntime(out, surroundings);
    } finally {
      process.umask(umask);
    }
    expect(readFileSync(join(out, "node.sqsh")).equals(readFileSync(RUNTIME_IMAGE))).toBe(true);
  });

  test("is Node 18 for mipsel, and knows English", () => {
    const answers = execFileSync(node, ["-p", `JSON.stringify([${QUESTIONS.join(",")}])`], { encoding: "utf8" });
    expect(JSON.parse(answers)).toEqual([
      expect.stringMatching(/^v18\.\d+\.\d+$/),
      "mipsel",
      3,
      "aäz",
      "Thursday, January 1, 1970 at 1:00 AM",
      "€1,234.50",
      true,
      "xn--bcher-kva.example",
    ]);
  });

  test("opens no program, no library and no script but its own", () => {
    const traced = nodeOf(RUNTIME_IMAGE, temporaryFolder(), ["-strace"]);
    const { stdout, stderr } = spawnSync(traced, [Branchline.bundle, "--version"], { encoding: "utf8" });
    expect(stdout).toMatch(/^branchline \d+\.\d+\.\d+ .*\bmipsel$/m);
    const opened = [...stderr.matchAll(/^\d+ openat\(AT_FDCWD,"([^"]+)",.*\) = \d+$/gm)].map(([, path = ""]) => path);
    const code = [...new Set(opened)].filter((path) => /\/bin\/|\.so(?:\.\d+)*$|\.[cm]?js$/.test(path));
    const others = code.filter((path) => !path.startsWith(IMAGE));
    expect(code.length - others.length).toBeGreaterThanOrEqual(20);
    expect(others).toEqual([Branchline.bundle]);
  });

  test("runs branchline: a phone registers, calls, and is sent to the gateway in an outage", {
    timeout: 27 * SLOW_MS,
  }, async () => {
    const upstream = await SipAgent.open(net.at(2));
    const gateway = await SipAgent.open(net.at(3));
    const phone = await SipAgent.open(net.at(17));
    const branchline = await Branchline.start(
      {
        listen: [`udp:${hostPort(proxy)}`],
        localnet: [net.network(16)],
        upstream: { targets: [`sip:${upstream.sentBy}`], fr_timer: "1s", probe: QUICK_PROBES },
        gateways: [`sip:${gateway.sentBy}`],
        survival: { notice_hold: "200ms" },
      },
      { program: byNode(node), isSmall: true },
    );
    await branchline.upstreamIs("up", SLOW_MS);

    const uri = `sip:${hostPort(proxy)}`;
    const options = { method: "OPTIONS", uri, from: `<sip:phone@${phone.sentBy}>;tag=1`, to: `<${uri}>`, cseq: 1 };
    await phone.send(requestText(phone.sentBy, { ...options, callId: newToken() }), proxy);
    await phone.next({ status: 200, method: "OPTIONS" }, SLOW_MS);
    await register(phone, upstream, proxy);
    const call = await converse(phone, upstream, outwards);
    await call.caller.ask("BYE", upstream);

    const down = branchline.upstreamBecomes("down", SLOW_MS);
    upstream.isAlive = false;
    const refused = await OutgoingCall.start(phone, outwards);
    const notice = await refused.response(181, SLOW_MS);
    const redirect = await refused.response(302, SLOW_MS);
    const to = uriIn(redirect.header("contact"));
    const local = await converse(phone, gateway, { to, through: proxy, after: refused });
    await local.caller.ask("BYE", gateway);
    await down;
    const later = await OutgoingCall.start(phone, outwards);
    const laterNotice = await later.response(181, SLOW_MS);
    await later.response(302, SLOW_MS);
    const times = [refused.delay_ms(notice), later.delay_ms(laterNotice)].map((time_ms) => `${Math.round(time_ms)} ms`);
    console.log(`ER-X runtime under qemu-user: 181 after ${times.join(", and once upstream is down after ")}`);
  });
});
