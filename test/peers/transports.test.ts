/**
 * Calls over UDP, TCP and TLS in all nine combinations: SIPp as the phones and as upstream, the built bundle between them.
 * Debian's SIPp has no TLS: a relay in this process gives it to it.
 *
 *   SIPp phones ── udp, tcp, tls ──▶ branchline ── udp, tcp, tls ──▶ SIPp upstream
 */

import { afterAll, expect, test } from "vitest";
import { byNode } from "../support/program.ts";
import { hostPort, Subnet } from "./support/addresses.ts";
import { Branchline } from "./support/branchline.ts";
import { CertificateAuthority, endsOf } from "./support/certificates.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { installNode } from "./support/node-from-npm.ts";
import { describeUnless, describeWith } from "./support/peers.ts";
import { Sipp } from "./support/sipp.ts";
import { tlsBefore, tlsFor } from "./support/tls-relay.ts";

const net = new Subnet(42);
const isLong = process.env["BRANCHLINE_LONG"] === "1";
const CALLS = isLong ? 2_000 : 100;
const CALLS_PER_SECOND = 100;
const LIMIT_MS = 90_000 + CALLS * 20;
const TRANSPORTS = ["udp", "tcp", "tls"] as const;
type Transport = (typeof TRANSPORTS)[number];
const PAIRS = TRANSPORTS.flatMap((caller) => TRANSPORTS.map((callee) => [caller, callee] as const));

cleanUpAfterEach();

/** All calls of one pair of transports; `node` is what runs the bundle, unless it is that of the tests. */
async function telephone(caller: Transport, callee: Transport, calls: number, node?: string): Promise<void> {
  const hasTls = caller === "tls" || callee === "tls";
  const authority = hasTls ? new CertificateAuthority() : undefined;
  const proxy = { udp: net.at(1), tcp: net.at(1), tls: net.at(1, 5061) }[caller];
  const upstreamAt = net.at(2, callee === "tls" ? 5061 : 5060);

  const upstream = await Sipp.start("callee", net.at(2), {
    transport: callee,
    keys: { contact: `${hostPort(upstreamAt)};transport=${callee}` },
  });
  if (callee === "tls" && authority !== undefined) {
    await tlsBefore(net.at(2), upstreamAt, authority.issue("upstream", `IP:${net.host(2)}`));
  }
  const branchline = await Branchline.start(
    {
      ...endsOf(net.host(1), authority, `IP:${net.host(1)}`),
      localnet: [net.network(16)],
      upstream: `sip:${hostPort(upstreamAt)};transport=${callee}`,
    },
    node === undefined ? {} : { program: byNode(node) },
  );
  await branchline.upstreamIs("up");

  const way = net.at(18, 5070);
  if (caller === "tls" && authority !== undefined) await tlsFor(way, proxy, authority.file);
  const phones = await Sipp.start("phone", net.at(17), {
    transport: caller,
    remote: caller === "tls" ? way : proxy,
    calls,
    callsPerSecond: CALLS_PER_SECOND,
    keys: { contact: `${hostPort(net.at(17))};transport=${caller}` },
  });
  const called = await phones.finished();
  const answered = await upstream.stop();
  console.log(`${caller} to ${callee}: ${called.successful} calls, ${called.failed} failed`);

  expect(called, phones.errors()).toMatchObject({ successful: calls, failed: 0 });
  expect(answered, upstream.errors()).toMatchObject({ failed: 0 });
}

for (const [hasTls, needs] of [
  [false, ["sipp"]],
  [true, ["sipp", "openssl", "TLS"]],
] as const) {
  const pairs = PAIRS.filter((pair) => pair.some((transport) => transport === "tls") === hasTls);
  describeWith(needs, `${CALLS} calls at ${CALLS_PER_SECOND}/s`, () => {
    test.each(pairs)("from %s to %s: no call fails", { timeout: LIMIT_MS }, (caller, callee) =>
      telephone(caller, callee, CALLS),
    );
  });
}

const node12 = installNode(12);
afterAll(node12.remove);

describeUnless(node12.missing === undefined ? [] : [node12.missing], "under node 12", () => {
  test.each([["tls", "tcp"] as const, ["tcp", "tls"] as const])("from %s to %s: no call fails", (caller, callee) =>
    telephone(caller, callee, 50, node12.path),
  );
});
