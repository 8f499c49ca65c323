/** Below each finding that says what is wrong stands what helps: a command, or a hint. For each check a router that it finds fault with. */
import { describe, expect, test } from "vitest";
import { CHECKS } from "../../src/setup/doctor/checks.ts";
import type { Facts, Severity } from "../../src/setup/doctor/facts.ts";
import {
  BUFFER,
  EDGEOS_CONFIG,
  filterOf,
  HELPER,
  MEMORY,
  MODULES,
  MOUNTS,
  NONLOCAL4,
  ROUTES,
  RULES,
  space,
  TIME_SYNC,
  TRACKED,
  VRRP_CONFIG,
  VRRP_RUNS,
} from "../../src/setup/doctor/families.ts";
import { ANYCAST_YAML, inAnycast, onMachine } from "./anycast-machine.ts";
import { answer, configOf, findings, GATEWAY, LAN, peer, status, UPSTREAM, WAN, YAML } from "./healthy.ts";
import { ELSEWHERE, inPair, KEEPALIVED, PAIR_YAML, SHARED, secretIs } from "./pair-facts.ts";

interface Spoilt {
  readonly change?: Partial<Facts>;
  readonly yaml?: string;
  /** What it is found to be, finding by finding. */
  readonly is: readonly Severity[];
}

const SILENT = { answer: undefined, error: "no answer within 3 s" };
const running = (change: Parameters<typeof status>[0]) => ({ isRunning: true, status: status(change) });
const up = (change: object) => running({ upstream: [{ name: UPSTREAM, state: "up", observed: "up", ...change }] });
const NAMED = YAML.replace(`upstream: sip:${UPSTREAM}`, "upstream: sip:pbx.example.com");
const ANSWERED = { silent: [], asked: ["A", "NAPTR", "SRV"] as const };
const name = (change: Partial<Facts["names"][number]>) => ({
  names: [{ name: "pbx.example.com", server: "10.0.0.53", addresses: [UPSTREAM], ...ANSWERED, took_ms: 20, ...change }],
});
const DIAL_OUT = YAML.replace(
  `upstream: sip:${UPSTREAM}`,
  `upstream: {targets: [sip:${UPSTREAM}], may_dial_out: true}`,
);
const TLS = `${YAML.replace("listen: [", `listen: [tls:${LAN}:5061, `)}tls: {certificate: /tmp/c.pem, key: /tmp/k.pem}\n`;
const LOOSE = { files: { [filterOf("all")]: "2\n", [filterOf("eth0")]: "2\n" } };
const DOMAIN = { name: "sip.example.net", state: "suspect", observed: "suspect" };

/** Each check, with routers that are bad in each of its ways. */
const SPOILT: Readonly<Record<string, readonly Spoilt[]>> = {
  file: [{ change: { fileFaults: ["b.yaml:1:1: bad", "b.yaml:2:1: bad"] }, is: ["fault", "fault"] }],
  running: [
    { is: ["warning"] },
    { change: { ...running({}), otherFile: "/etc/other.yaml" }, is: ["warning"] },
    { change: running({ force: "down", forced: { by: "file", since: "" } }), is: ["warning"] },
    { change: running({ force: "down", forced: { by: "command", since: "", left_s: 60 } }), is: ["warning"] },
    ...(["needs_restart", "faults"] as const).map((reason): Spoilt => {
      const refused = { at: "", reason, faults: [] } as unknown as NonNullable<Facts["status"]>["reload_refused"];
      return { change: running({ reload_refused: refused }), is: ["warning"] };
    }),
  ],
  ports: [
    { change: { ports: ["EADDRNOTAVAIL", "EADDRINUSE", undefined] }, is: ["fault", "fault", "ok"] },
    {
      change: { ...running({ listen: [] }), ports: [undefined, undefined, undefined] },
      is: ["warning", "warning", "warning"],
    },
  ],
  listen: [
    { change: { peers: [peer({ source: undefined })] }, is: ["fault"] },
    { change: { peers: [peer({ ...SILENT, source: "192.0.2.1" })] }, is: ["fault"] },
  ],
  phones: [
    { change: running({ phones: { addresses: 0, contacts: 0 } }), is: ["warning"] },
    { yaml: YAML.replace("10.222.237.0/24", "10.77.0.0/24"), change: running({}), is: ["warning", "ok"] },
    { yaml: YAML.replace(`udp:${LAN}, `, ""), change: running({}), is: ["warning", "ok"] },
  ],
  upstream: [
    { change: { peers: [peer(SILENT)] }, is: ["fault"] },
    { change: { peers: [peer({ answer: answer(`${WAN};branch=z9hG4bKx`, 503) })] }, is: ["fault"] },
    { change: { peers: [peer({ took_ms: 60_000 })] }, is: ["fault"] },
    { yaml: NAMED, change: { peers: [] }, is: ["fault"] },
    { change: running({ upstream: [] }), is: ["warning"] },
    { change: running({ upstream: [DOMAIN, { name: UPSTREAM, state: "up", observed: "up" }] }), is: ["ok", "warning"] },
    {
      change: {
        ...running({ upstream: [{ ...DOMAIN, state: "down", observed: "down", addresses: ["192.0.2.7"] }] }),
        peers: [],
      },
      is: ["fault", "fault"],
    },
    ...["suspect", "recovering", "down"].map(
      (state): Spoilt => ({ change: up({ state, observed: state }), is: [state === "down" ? "fault" : "warning"] }),
    ),
    { change: { ...up({ state: "down" }), peers: [peer(SILENT)] }, is: ["warning"] },
    { change: up({ state: "down" }), is: ["warning"] },
  ],
  gateways: [
    { yaml: YAML.replace(/gateways.*\n/, ""), is: ["warning"] },
    { change: { peers: [{ ...GATEWAY, ...SILENT }] }, is: ["warning"] },
    { change: { peers: [{ ...GATEWAY, answer: undefined, error: "ECONNREFUSED" }] }, is: ["fault"] },
  ],
  mtu: [
    {
      change: {
        peers: [peer({ lengths: [undefined, 1_400].map((octets) => ({ octets, isAnswered: octets === undefined })) })],
      },
      is: ["fault"],
    },
    { change: up({ long_invites: { octets: 1_800, answered_octets: 900 } }), is: ["ok", "ok", "warning"] },
  ],
  addresses: (["phone", "gateway"] as const).map((role) => ({
    change: running({ conflicts: [{ with: role, address: UPSTREAM, text: "x", cure: "y" }] }),
    is: ["warning"],
  })),
  dns: [
    { change: name({ addresses: undefined, silent: ["A"] }), yaml: NAMED, is: ["fault"] },
    { change: name({ addresses: [] }), yaml: NAMED, is: ["fault"] },
    { change: name({ took_ms: 3_000 }), yaml: NAMED, is: ["warning"] },
    { change: name({ took_ms: 3_000, silent: ["SRV"] }), yaml: NAMED, is: ["warning"] },
    {
      change: {
        names: [...name({}).names, ...name({ server: "10.0.0.54", addresses: undefined, silent: ["A"] }).names],
      },
      yaml: NAMED,
      is: ["warning"],
    },
  ],
  "sip-helper": (["edgeos", "openwrt", "tomato", "debian", "unknown"] as const).map((family) => ({
    change: { family, files: { [MODULES]: "nf_conntrack_sip 1 0 -\n", [HELPER]: "1\n" } },
    is: ["fault"],
  })),
  path: [
    { change: { peers: [peer({ answer: answer("192.0.2.9:1;branch=z9hG4bKx") })] }, is: ["fault"] },
    {
      change: {
        peers: [peer({ local: "192.168.1.2", answer: answer("192.168.1.2:1;branch=z9hG4bKx;received=192.168.1.2") })],
      },
      is: ["fault"],
    },
    { change: { peers: [peer({ answer: answer(`${WAN}:1;branch=z9hG4bKx;received=192.0.2.9`) })] }, is: ["warning"] },
  ],
  "support-path": (["unconfirmed", "ignored"] as const).map((path) => ({
    change: running({ path: [{ upstream: UPSTREAM, path, text: "x", cures: ["y"] }] }),
    is: [path === "ignored" ? "fault" : "warning"],
  })),
  "outbound-proxy": [
    {
      change: running({ proxy_names: [{ name: "x.example", addresses: [], from: LAN, text: "x", cure: "y" }] }),
      is: ["warning"],
    },
  ],
  conntrack: [undefined, "/usr/sbin/conntrack\n"].map((program) => ({
    change: {
      said: {
        [TRACKED]: `udp 17 src=192.0.2.2 dst=${UPSTREAM} sport=5060 dport=5060 src=${UPSTREAM} dst=192.0.2.2 sport=5060 dport=5060\n#`,
        ...(program === undefined ? {} : { "command -v conntrack": program }),
      },
    },
    is: ["warning"],
  })),
  firewall: [
    { change: { family: "debian", said: { [RULES]: "#nft" } }, is: ["warning"] },
    { change: { family: "debian", said: { [RULES]: "*filter\n:INPUT DROP [0:0]\nCOMMIT\n#" } }, is: ["warning"] },
    { change: { family: "unknown", said: { [RULES]: "#iptables" } }, is: ["warning"] },
    { change: { family: "tomato", said: { [RULES]: "#iptables" } }, is: ["warning"] },
    {
      change: { family: "edgeos", files: { [EDGEOS_CONFIG]: "interfaces {\n ethernet eth9 {\nmtu 1500\n }\n}\n" } },
      is: ["warning"],
    },
    {
      change: {
        family: "edgeos",
        files: { [EDGEOS_CONFIG]: "system {\nhost-name x\n}\ninterfaces {\nethernet eth0 {\nmtu 1500\n}\n}\n" },
      },
      is: ["warning"],
    },
  ],
  offload: [
    {
      change: {
        family: "edgeos",
        files: { [EDGEOS_CONFIG]: "system {\noffload {\nhwnat enable\n}\n}" },
        addresses: [{ device: "wg0", address: WAN, cidr: `${WAN}/24` }],
      },
      is: ["warning"],
    },
  ],
  routes: [
    { change: LOOSE, is: ["warning"] },
    { change: { files: { [ROUTES]: "Iface\n" }, peers: [] }, is: ["warning"] },
  ],
  "return-path": [{ change: { peers: [peer({ ...SILENT, source: "10.10.1.1" })] }, is: ["warning"] }],
  "dial-out": [{ yaml: DIAL_OUT, change: LOOSE, is: ["warning"] }],
  pair: [
    { yaml: PAIR_YAML, change: running({}), is: ["warning"] },
    ...(["dead", "left", "unheard"] as const).map(
      (life): Spoilt => ({ yaml: PAIR_YAML, change: inPair({}, { life }), is: ["ok", "warning", "ok"] }),
    ),
    { yaml: PAIR_YAML, change: inPair(ELSEWHERE, { life: "dead" }), is: ["ok", "warning", "fault"] },
    {
      yaml: PAIR_YAML,
      change: inPair({ health_error: "EROFS" }, { differs: ["gateways"], clock_ahead_s: 90, has_address: true }),
      is: ["fault", "ok", "fault", "ok", "warning", "warning", "ok"],
    },
  ],
  vrrp: (["edgeos", "openwrt", "tomato", "debian", "unknown"] as const).flatMap((family) => {
    const files = { [NONLOCAL4]: "0\n", [EDGEOS_CONFIG]: "system {\n}\n" };
    const kept = KEEPALIVED.split(SHARED).join("192.0.2.1");
    const none = { [VRRP_RUNS]: "#" };
    return [none, { ...none, [VRRP_CONFIG]: kept }, { [VRRP_RUNS]: "keepalived\n#", [VRRP_CONFIG]: kept }].map(
      (said): Spoilt => ({ yaml: PAIR_YAML, change: { family, files, said }, is: ["fault", "warning"] }),
    );
  }),
  members: [
    { yaml: ANYCAST_YAML, change: inAnycast({ state: "drained" }), is: ["warning", ...Array(10).fill("ok")] },
    { yaml: ANYCAST_YAML, change: inAnycast({}, { life: "dead" }), is: ["ok", "warning", ...Array(5).fill("ok")] },
  ],
  anycast: [
    { yaml: ANYCAST_YAML, change: onMachine({ addresses: [], health: undefined }), is: ["fault", "ok"] },
    {
      yaml: ANYCAST_YAML,
      change: onMachine(inAnycast({ route: { wish: "withdraw", is_done: false, error: "exit status 1" } })),
      is: ["ok", "ok", "ok", "ok", "fault"],
    },
  ],
  "pair-secret": [
    { yaml: PAIR_YAML, change: secretIs({ mode: 0o644 }), is: ["fault"] },
    { yaml: PAIR_YAML, change: secretIs({ owner: 0 }), is: ["fault"] },
    { yaml: PAIR_YAML, change: { ...inPair(), ...secretIs({ age_s: 5 }) }, is: ["warning"] },
    { yaml: PAIR_YAML, change: { secrets: [] }, is: ["fault"] },
  ],
  clock: [
    { change: { now: "2020-01-01T00:00:00Z" }, is: ["warning"] },
    { change: { now: "2020-01-01T00:00:00Z" }, yaml: TLS, is: ["fault"] },
    { change: { said: { [TIME_SYNC]: "NTP synchronized: no" } }, yaml: TLS, is: ["warning"] },
  ],
  certificate: (["2027-01-01", "2020-01-01", "2026-11-25"] as const).map((day, index) => ({
    yaml: TLS,
    change: { certificate: index === 0 ? ([day, "2030-01-01"] as const) : (["2019-01-01", day] as const) },
    is: [index < 2 ? "fault" : "warning"],
  })),
  storage: [
    { change: { stateFault: "EROFS" }, is: ["warning"] },
    { change: { said: { [space(configOf())]: "/dev/x 9 9 100 90% /tmp\n" } }, is: ["fault"] },
    { change: { family: "edgeos", said: { [space(configOf())]: "/dev/x 9 9 9000 90% /tmp\n" } }, is: ["warning"] },
    {
      change: {
        said: { [space(configOf())]: "tmpfs 9 9 900000 1% /tmp\n" },
        files: { [MOUNTS]: "tmpfs /tmp tmpfs rw 0 0\n" },
      },
      is: ["warning"],
    },
  ],
  memory: [{ change: { files: { [MEMORY]: "MemAvailable:  10000 kB\n" } }, is: ["warning"] }],
  buffers: (["debian", "openwrt", "edgeos"] as const).map((family) => ({
    change: { family, files: { [BUFFER]: "200000\n" } },
    is: ["warning"],
  })),
  boot: (["edgeos", "openwrt", "tomato", "debian"] as const).map((family) => ({ change: { family }, is: ["warning"] })),
};

describe("doctor: whatever is wrong comes with what helps", () => {
  test.each(Object.keys(CHECKS))("%s", (check) => {
    const cases = SPOILT[check] ?? [];
    expect(cases).not.toEqual([]);
    for (const { change, yaml, is } of cases) {
      const found = findings(check, change, yaml);
      expect(found.map(({ severity }) => severity)).toEqual(is);
      for (const { severity, cure } of found) {
        if (severity !== "ok") expect(cure.every((line) => line.trim() !== "" && line !== "#")).toBe(true);
      }
    }
  });
});
