/** The checks by name: what each judges, and what it needs. */
import type { Config } from "../../app/config/config.ts";
import { gateways, upstream } from "./answers.ts";
import { anycast } from "./anycast.ts";
import { names } from "./dns.ts";
import { type Facts, NEEDS_FILE, skipped, type Verdict } from "./facts.ts";
import { firewall, offload } from "./firewall.ts";
import { dialOut } from "./forged.ts";
import type { Slow } from "./gather.ts";
import { boot, buffers, memory, ports, routes, storage } from "./machine.ts";
import { members } from "./members.ts";
import { mtu } from "./mtu.ts";
import { pair } from "./pair.ts";
import { pairSecret } from "./pair-secret.ts";
import { addresses, outboundProxy, path, supportPath } from "./peers.ts";
import { file, phones, running } from "./running.ts";
import { sipHelper, tracking } from "./sip-helper.ts";
import { certificate, clock } from "./time.ts";
import { vrrp } from "./vrrp.ts";
import { listen, returnPath } from "./way.ts";

/** Parts of the file without which a check can tell nothing. */
type Section = "cluster" | "listen" | "localnet" | "upstream" | "gateways" | "tls";

interface Check {
  readonly judge: (facts: Facts, config: Config) => Verdict[];
  /** Facts that take time to gather. */
  readonly slow?: readonly Slow[];
  /** With a faulty file, the check is skipped while all of these are empty: the fault may be why. */
  readonly reads?: readonly Section[];
}

/** A check's name is part of the interface: `--only`, `--json` and `deploy/doctor.md` have it. In the order in which they are told. */
export const CHECKS: Readonly<Record<string, Check>> = {
  file: { judge: file },
  running: { judge: running },
  ports: { judge: ports, reads: ["listen"] },
  listen: { judge: listen, slow: ["peers"], reads: ["listen"] },
  phones: { judge: phones, reads: ["localnet"] },
  upstream: { judge: upstream, slow: ["peers", "names"] },
  gateways: { judge: gateways, slow: ["peers"], reads: ["gateways"] },
  mtu: { judge: mtu, slow: ["peers"], reads: ["upstream", "gateways"] },
  addresses: { judge: addresses, slow: ["peers"], reads: ["upstream"] },
  dns: { judge: names, slow: ["names"], reads: ["upstream"] },
  "sip-helper": { judge: sipHelper },
  path: { judge: path, slow: ["peers"], reads: ["upstream"] },
  "support-path": { judge: supportPath },
  "outbound-proxy": { judge: outboundProxy },
  conntrack: { judge: tracking, slow: ["peers"], reads: ["listen"] },
  firewall: { judge: firewall, slow: ["peers"], reads: ["listen", "upstream"] },
  offload: { judge: offload, slow: ["peers"] },
  routes: { judge: routes, slow: ["peers"] },
  "return-path": { judge: returnPath, slow: ["peers"], reads: ["listen"] },
  "dial-out": { judge: dialOut, slow: ["peers"], reads: ["gateways"] },
  pair: { judge: pair, reads: ["cluster"] },
  vrrp: { judge: vrrp, reads: ["cluster"] },
  members: { judge: members, reads: ["cluster"] },
  anycast: { judge: anycast, slow: ["peers"], reads: ["cluster"] },
  "pair-secret": { judge: pairSecret, reads: ["cluster"] },
  clock: { judge: clock },
  certificate: { judge: certificate, reads: ["tls"] },
  storage: { judge: storage },
  memory: { judge: memory },
  buffers: { judge: buffers },
  boot: { judge: boot },
};

/** A verdict, and the check that gave it. */
export interface Finding extends Verdict {
  readonly check: string;
}

/** What the checks say of these facts. */
export function examine(facts: Facts, config: Config, names: readonly string[] = Object.keys(CHECKS)): Finding[] {
  return names.flatMap((check) => {
    const row = CHECKS[check];
    if (row === undefined) return [];
    const { judge, reads = [] } = row;
    const isFaulty = facts.fileFaults.length > 0;
    const isBlind = isFaulty && reads.length > 0 && reads.every((section) => isEmpty(config, section));
    const verdicts = isBlind ? [skipped(NEEDS_FILE)] : verdictsOf(judge, facts, config);
    return verdicts.map((verdict) => ({ check, ...verdict }));
  });
}

/** A branchline of another version may answer what no check expects: that mustn't keep the others from being told. */
function verdictsOf(judge: Check["judge"], facts: Facts, config: Config): Verdict[] {
  try {
    return judge(facts, config);
  } catch (error) {
    return [skipped(`this check has failed: ${error instanceof Error ? error.message : String(error)}`)];
  }
}

/** The facts that these checks want and that take time. */
export function slowFor(names: readonly string[]): ReadonlySet<Slow> {
  return new Set(names.flatMap((name) => CHECKS[name]?.slow ?? []));
}

function isEmpty({ cluster, listeners, site, tls }: Config, section: Section): boolean {
  switch (section) {
    case "cluster":
      return cluster === undefined;
    case "listen":
      return listeners.length === 0;
    case "localnet":
      return site.localnet.ranges.length === 0;
    case "upstream":
      return site.upstream.targets.length === 0;
    case "gateways":
      return site.gateways.length === 0;
    case "tls":
      return tls === undefined;
  }
}
