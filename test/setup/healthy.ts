/** A router on which nothing is wrong, for tests to spoil. */
import { loadConfig } from "../../src/app/config/load-config.ts";
import type { RunningStatus } from "../../src/app/control.ts";
import { examine, type Finding } from "../../src/setup/doctor/checks.ts";
import type { Facts, PeerFact } from "../../src/setup/doctor/facts.ts";
import { MEMORY, MODULES, ROUTES, RULES, TRACKED } from "../../src/setup/doctor/families.ts";

export const WAN = "203.0.113.2";
export const LAN = "10.222.237.1";
export const UPSTREAM = "198.51.100.10";

export const YAML = `
listen: [udp:${LAN}, udp:${WAN}, udp:10.10.1.1]
localnet: [10.222.237.0/24]
upstream: sip:${UPSTREAM}
gateways: [sip:10.10.1.3]
state: /tmp/branchline
`;

export function configOf(text = YAML) {
  const { config, problems } = loadConfig(text, (path) => path);
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  return config;
}

/** A response to our OPTIONS; `via` is what stands in it behind the transport. */
export function answer(via: string, status = 200): string {
  return (
    `SIP/2.0 ${status} OK\r\nVia: SIP/2.0/UDP ${via}\r\nFrom: <sip:branchline@${WAN}>;tag=a\r\n` +
    `To: <sip:${UPSTREAM}>;tag=b\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n`
  );
}

export function peer(change: Partial<PeerFact> = {}): PeerFact {
  return {
    role: "upstream",
    name: `sip:${UPSTREAM}`,
    alias: UPSTREAM,
    to: { address: UPSTREAM, port: 5060, protocol: "udp" },
    source: "local" in change ? change.local : WAN,
    route: undefined,
    listener: `udp:${WAN}:5060`,
    local: WAN,
    local_port: 40_000,
    answer: answer(`${WAN}:40000;branch=z9hG4bKx;rport=40000;received=${WAN}`),
    error: "",
    took_ms: 12,
    lengths: [undefined, 1_400, 2_000].map((octets) => ({ octets, isAnswered: true })),
    answeredFrom: [],
    ...change,
  };
}

export const GATEWAY = peer({
  role: "gateway",
  name: "sip:10.10.1.3",
  alias: "10.10.1.3",
  to: { address: "10.10.1.3", port: 5060, protocol: "udp" },
  source: "10.10.1.1",
  listener: "udp:10.10.1.1:5060",
  local: "10.10.1.1",
});

export function healthy(change: Partial<Facts> = {}): Facts {
  const { files, said, ...others } = change;
  return {
    isRoot: true,
    kernel: 414,
    start_kB: 80_000,
    now: "2026-11-21T10:00:00Z",
    inThreeWeeks: "2026-12-12T10:00:00Z",
    built: "2026-11-20T00:00:00Z",
    family: "unknown",
    file: "/etc/branchline/branchline.yaml",
    fileFaults: [],
    start: "branchline run -c /etc/branchline/branchline.yaml",
    restart: undefined,
    otherFile: undefined,
    files: {
      [MODULES]: "nf_conntrack 102400 5 nf_nat, Live 0x80000000\nnf_nat 36864 1 iptable_nat, Live 0x80000000\n",
      [MEMORY]: "MemTotal:  255000 kB\nMemFree:  60000 kB\nMemAvailable:  170000 kB\n",
      [ROUTES]:
        "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n" +
        "eth0\t00000000\t017100CB\t0003\t0\t0\t0\t00000000\t0\t0\t0\n",
      "/proc/sys/net/core/rmem_max": "4194304\n",
      ...files,
    },
    said: { [TRACKED]: "#", [RULES]: "#", ...said },
    addresses: [
      { device: "eth0", address: WAN, cidr: `${WAN}/24` },
      { device: "switch0", address: LAN, cidr: `${LAN}/24` },
      { device: "eth1", address: "10.10.1.1", cidr: "10.10.1.1/24" },
    ],
    ports: [undefined, undefined, undefined],
    isRunning: false,
    status: undefined,
    askFault: undefined,
    stateFault: undefined,
    stateOwner: 110,
    secrets: [],
    certificate: undefined,
    names: [],
    peers: [peer(), GATEWAY],
    ...others,
  };
}

/** How a branchline that runs well is. */
export function status(change: Partial<RunningStatus> = {}): RunningStatus {
  return {
    force: "auto",
    upstream: [{ name: UPSTREAM, state: "up", observed: "up" }],
    gateways: [],
    phones: { addresses: 3, contacts: 3 },
    version: "0.1.0",
    up_s: 3_600,
    listen: [LAN, WAN, "10.10.1.1"].map((address) => ({ name: `udp:${address}:5060`, address })),
    dropped: {},
    tables: [],
    history: [],
    ...change,
  };
}

/** What one check finds on the healthy router with `change`. Each fault and warning must come with a cure. */
export function findings(check: string, change: Partial<Facts> = {}, yaml = YAML): Finding[] {
  const found = examine(healthy(change), configOf(yaml), [check]);
  for (const { severity, text, cure } of found) {
    const isBad = severity === "fault" || severity === "warning";
    if (isBad && cure.length === 0) throw new Error(`${check}: no cure for: ${text}`);
  }
  return found;
}

/** What one check says about the healthy router with `change`: "severity text", then the cure, a line each. */
export function told(check: string, change: Partial<Facts> = {}, yaml = YAML): string {
  return findings(check, change, yaml)
    .map(({ severity, text, cure, undo }) => {
      const lines = [`${severity} ${text}`, ...cure, ...(undo === undefined ? [] : ["undo:", ...undo])];
      return lines.join("\n");
    })
    .join("\n");
}
