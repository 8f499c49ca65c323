/**
 * The ER-X package on a real kernel: a machine without a floating point unit boots, its boot hook mounts the image and
 * starts branchline, and that takes its branch through an outage. Only with BRANCHLINE_LONG=1: emulation is slow.
 *
 *   phone, gateway ──eth0── ER-X ──eth1── upstream
 */
import { copyFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { converse } from "../peers/support/both-ways.ts";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { monotonic_ms } from "../peers/support/clock.ts";
import { OutgoingCall } from "../peers/support/outgoing-call.ts";
import { describeWith, type Peer } from "../peers/support/peers.ts";
import { register } from "../peers/support/registration.ts";
import { SipAgent } from "../peers/support/sip-agent.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";
import { uriIn } from "../sip/message.ts";
import { makePackage, unpackInto } from "./support/edgeos-package.ts";
import { bootErX } from "./support/er-x.ts";
import type { Malta } from "./support/malta.ts";
import { buildRuntime, RUNTIME_IMAGE } from "./support/runtime-image.ts";

const isLong = process.env["BRANCHLINE_LONG"] === "1";
const PEERS: readonly Peer[] = isLong ? ["mksquashfs", "qemu-system-mipsel", "cpio", "namespaces"] : [];
const PROCESSORS: readonly Malta["processor"][] = [
  // Has more room for addresses of pages, so that emulation is three times as fast; the kernel leaves its unit alone.
  { name: "P5600", kernelOptions: "nofpu" },
  { name: "24Kc", kernelOptions: "" },
];
const LAN = "10.91.1";
const WAN = "10.91.2";
const at = (host: string) => ({ host, port: 5060 });
const proxy = at(`${LAN}.1`);
const [phoneAddress, gatewayAddress, upstreamAddress] = [at(`${LAN}.21`), at(`${LAN}.3`), at(`${WAN}.1`)];
const outwards = { to: "sip:5551234@pbx.example.com", through: proxy };
const MOST_RESIDENT_KB = 60_000;
const MOST_PRIVATE_KB = 16_000;
const LIMIT = { timeout: 900_000 };
const START_LIMIT_MS = 500_000;
/** For a message, the first time that the code for it runs. */
const SLOW_MS = 60_000;
const LATER_CALLS = 20;

cleanUpAfterEach();

/** /config as the installer leaves it. */
async function installed(): Promise<string> {
  const folder = temporaryFolder();
  const config = join(folder, "config");
  const program = join(config, "data/branchline");
  const hooks = join(config, "scripts/post-config.d");
  for (const made of [join(config, "data"), hooks, join(config, "branchline")]) mkdirSync(made, { recursive: true });
  renameSync(unpackInto(folder, await makePackage({ image: readFileSync(RUNTIME_IMAGE) })), program);
  copyFileSync(join(program, "50-branchline"), join(hooks, "50-branchline"));
  const settings = {
    listen: [`udp:${proxy.host}:5060`, `udp:${WAN}.2:5060`],
    localnet: [`${LAN}.0/24`],
    upstream: `sip:${upstreamAddress.host}`,
    gateways: [`sip:${gatewayAddress.host}`],
  };
  writeFileSync(join(config, "branchline/branchline.yaml"), stringify(settings));
  return config;
}

const seconds = (duration_ms: number) => `${(duration_ms / 1_000).toFixed(1)} s`;
const megabytes = (size_kB: number) => `${(size_kB / 1_000).toFixed(1)} MB`;

/** How long a call waits for its 181 and its 302, ms. */
async function redirected(phone: SipAgent) {
  const call = await OutgoingCall.start(phone, outwards);
  const notice = await call.response(181);
  const redirect = await call.response(302);
  expect(uriIn(redirect.header("contact"))).toBe(`sip:5551234@${gatewayAddress.host}`);
  return { call, notice_ms: call.delay_ms(notice), redirect_ms: call.delay_ms(redirect) };
}

describeWith(PEERS, "an ER-X of its own (BRANCHLINE_LONG=1)", () => {
  test.runIf(isLong).each(PROCESSORS)(
    "$name: boots, redirects in an outage, and is small",
    LIMIT,
    async (processor) => {
      buildRuntime();
      const router = await bootErX(processor, await installed(), [
        { router: `${proxy.host}/24`, others: [`${phoneAddress.host}/24`, `${gatewayAddress.host}/24`] },
        { router: `${WAN}.2/24`, others: [`${upstreamAddress.host}/24`] },
      ]);
      const booted_ms = monotonic_ms();
      const { name } = router.namespace;
      const upstream = await SipAgent.openLossy(upstreamAddress, name);
      const gateway = await SipAgent.openLossy(gatewayAddress, name);
      const phone = await SipAgent.openLossy(phoneAddress, name);
      for (const agent of [upstream, gateway, phone]) agent.patience_ms = SLOW_MS;
      await router.line(/branchline: .*started /, START_LIMIT_MS);
      const start_ms = monotonic_ms() - booted_ms;
      expect(await router.ask("grep -w /run/branchline/node /proc/mounts")).toMatch(/ squashfs ro,nosuid,nodev/);
      await router.line(/upstream_state .*to=up/, SLOW_MS);

      await register(phone, upstream, proxy);
      const call = await converse(phone, upstream, outwards);
      await call.caller.ask("BYE", upstream);

      const down = router.line(/upstream_state .*to=down/, SLOW_MS);
      upstream.isAlive = false;
      const first = await redirected(phone);
      const to = `sip:5551234@${gatewayAddress.host}`;
      const local = await converse(phone, gateway, { to, through: proxy, after: first.call });
      await local.caller.ask("BYE", gateway);
      await down;
      const later: number[] = [];
      while (later.length < LATER_CALLS) later.push((await redirected(phone)).notice_ms);

      const memory = await router.memory("$(pidof ld.so.1)");
      console.log(`${processor.name} without FPU, 128 MB: ${router.booted}, branchline started ${seconds(start_ms)} later
first call in the outage: 181 after ${seconds(first.notice_ms)}, 302 after ${seconds(first.redirect_ms)}
${LATER_CALLS} later ones: 181 after ${Math.round(Math.min(...later))} … ${Math.round(Math.max(...later))} ms
memory: ${megabytes(memory.resident_kB)} resident, ${megabytes(memory.private_kB)} of them private`);
      expect(await router.emulatedInstructions()).toBeGreaterThan(1_000);
      expect(memory.resident_kB).toBeLessThan(MOST_RESIDENT_KB);
      expect(memory.private_kB).toBeLessThan(MOST_PRIVATE_KB);
    },
  );
});
