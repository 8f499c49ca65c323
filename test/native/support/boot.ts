/** A router with 64 MB boots a real kernel, its package's boot script starts branchline, and that takes its branch through an outage. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { stringify } from "yaml";
import { converse } from "../../peers/support/both-ways.ts";
import { monotonic_ms } from "../../peers/support/clock.ts";
import { OutgoingCall } from "../../peers/support/outgoing-call.ts";
import { register } from "../../peers/support/registration.ts";
import { SipAgent } from "../../peers/support/sip-agent.ts";
import { temporaryFolder } from "../../peers/support/temporary-folder.ts";
import { CRU, EVENT, NVRAM } from "../../routers/support/tomato.ts";
import { type Machine, VirtualRouter } from "../../routers/support/virtual-router.ts";
import { uriIn } from "../../sip/message.ts";

const INIT = fileURLToPath(new URL("tomato-init.sh", import.meta.url));
const LAN = "10.91.1";
const WAN = "10.91.2";
const at = (host: string) => ({ host, port: 5060 });
const proxy = at(`${LAN}.1`);
const [phoneAddress, gatewayAddress, upstreamAddress] = [at(`${LAN}.21`), at(`${LAN}.3`), at(`${WAN}.1`)];
const outwards = { to: "sip:5551234@pbx.example.com", through: proxy };
const SETTINGS = {
  listen: [`udp:${proxy.host}:5060`, `udp:${WAN}.2:5060`],
  localnet: [`${LAN}.0/24`],
  upstream: { targets: [`sip:${upstreamAddress.host}`], probe: { successes: 1 }, hold: "5s" },
  gateways: [`sip:${gatewayAddress.host}`],
};
const CABLES = [
  { router: `${proxy.host}/24`, others: [`${phoneAddress.host}/24`, `${gatewayAddress.host}/24`] },
  { router: `${WAN}.2/24`, others: [`${upstreamAddress.host}/24`] },
];
const START_LIMIT_MS = 120_000;
const SLOW_MS = 60_000;
const CALLS = 20;
/** Idle, with what the kernel counts of its file; the binary itself is 1.5 MB of it. */
const MOST_RESIDENT_KB = 6_000;
const PROCESS = "$(cat /tmp/branchline/branchline.pid)";

/** What the router's /test gets. */
function testFolder(archive: Uint8Array): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "bin"));
  for (const [name, text] of Object.entries({ nvram: NVRAM, cru: CRU, event: EVENT })) {
    writeFileSync(join(folder, "bin", name), text);
    chmodSync(join(folder, "bin", name), 0o755);
  }
  writeFileSync(join(folder, "package.tar.gz"), archive);
  writeFileSync(join(folder, "branchline.yaml"), stringify(SETTINGS));
  return folder;
}

/** Calls out, and is sent to the gateway; how long the phone waits for the first answer that says so, ms. */
async function redirected(phone: SipAgent): Promise<number> {
  const call = await OutgoingCall.start(phone, outwards);
  const notice = await call.response(181);
  const redirect = await call.response(302);
  expect(uriIn(redirect.header("contact"))).toBe(`sip:5551234@${gatewayAddress.host}`);
  return call.delay_ms(notice);
}

/** @param archive the package for FreshTomato; @returns what has been measured, for people */
export async function bootAndSurvive(machine: Machine, archive: Uint8Array): Promise<string> {
  const router = await VirtualRouter.boot(machine, {
    init: INIT,
    folders: { test: testFolder(archive) },
    cables: CABLES,
  });
  const booted_ms = monotonic_ms();
  const { name } = router.namespace;
  const upstream = await SipAgent.openLossy(upstreamAddress, name);
  const gateway = await SipAgent.openLossy(gatewayAddress, name);
  const phone = await SipAgent.openLossy(phoneAddress, name);
  for (const agent of [upstream, gateway, phone]) agent.patience_ms = SLOW_MS;
  await router.line(/branchline: .*started /, START_LIMIT_MS);
  const start_ms = monotonic_ms() - booted_ms;
  await router.line(/upstream_state .*to=up/, SLOW_MS);
  const idle = await router.memory(PROCESS);

  await register(phone, upstream, proxy);
  const call = await converse(phone, upstream, outwards);
  await call.caller.ask("BYE", upstream);

  const down = router.line(/upstream_state .*to=down/, SLOW_MS);
  upstream.isAlive = false;
  const first_ms = await redirected(phone);
  await down;
  const later: number[] = [];
  while (later.length < CALLS) later.push(await redirected(phone));
  const after = await router.memory(PROCESS);

  const up = router.nextLine(/upstream_state .*to=up/, SLOW_MS);
  upstream.isAlive = true;
  await up;
  const again = await converse(phone, upstream, outwards);
  await again.caller.ask("BYE", upstream);

  // Its guard is killed too: cru's minute brings both back, and they remember the phone.
  const restarted = router.nextLine(/branchline: .*started /, START_LIMIT_MS);
  await router.ask(
    `kill -9 $(cat /tmp/branchline/respawn.pid) ${PROCESS}; sed 's/^[*] [*] [*] [*] [*] //' /tmp/cru | sh`,
  );
  await restarted;
  expect(await router.ask("branchline registered")).toContain(phoneAddress.host);
  expect(after.resident_kB).toBeLessThan(MOST_RESIDENT_KB);
  const times = [Math.min(...later), Math.max(...later)].map(Math.round);
  return `${router.booted}, branchline started ${(start_ms / 1_000).toFixed(1)} s later
first call in the outage: 181 after ${Math.round(first_ms)} ms; ${CALLS} later ones: ${times.join(" … ")} ms
memory: idle ${idle.resident_kB} kB resident, ${idle.private_kB} kB of them private; after the outage ${after.resident_kB} kB, ${after.private_kB} kB`;
}
