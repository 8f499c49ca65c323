/** Facts of a branch as its page asks for them, with a foreign text wherever somebody else may have written it. */
import type { RegisteredContact, RunningStatus } from "../../src/app/control.ts";
import type { PageSources } from "../../src/app/observe/page-routes.ts";
import type { Readiness } from "../../src/app/observe/readiness.ts";
import type { TracedEntry } from "../../src/app/observe/trace.ts";
import type { RecordedCall } from "../../src/app/recorded-calls.ts";

const NOW = "2026-11-30T10:00:00.000Z";
const at = (seconds: number) => new Date(Date.parse(NOW) - 600_000 + seconds * 1_000).toISOString();

/** @param foreign a display name, a User-Agent, a reason phrase; @param isDown whether upstream is down */
export function sampleStatus(foreign: string, isDown: boolean, life: "alive" | "dead" = "alive"): RunningStatus {
  const state = isDown ? "down" : "up";
  const seen = {
    state,
    observed: state,
    since: at(20),
    since_s: 580,
    evidence: isDown ? "probe failed" : "probe answered",
  };
  return {
    version: "0.0.0",
    file: foreign,
    now: NOW,
    up_s: 600,
    listen: [{ name: "udp:10.222.237.1:5060", address: "10.222.237.1" }],
    force: "auto",
    calls_go_to: isDown ? { role: "gateway", peers: ["10.10.1.3:5060"] } : { role: "upstream", peers: [foreign] },
    upstream: [{ name: foreign, ...seen, addresses: ["192.0.2.10"], probe_failure: isDown ? "silence" : undefined }],
    gateways: [{ name: "10.10.1.3:5060", ...seen, state: "up", observed: "up", calls: 1, channels: 4 }],
    phones: { addresses: 1, contacts: 1 },
    members: [{ group: foreign, member: foreign, registered: null }],
    proxy_names: [{ name: foreign, addresses: [], from: foreign, text: foreign, cure: foreign }],
    history: [{ at: at(20), role: "upstream", peer: foreign, from: "suspect", to: state, evidence: foreign }],
    dropped: { [foreign]: 3 },
    tables: [],
    cluster: {
      name: foreign,
      state: "active",
      since: at(1),
      since_s: 599,
      why: foreign,
      is_healthy: true,
      health_file: "",
      shared: [{ address: "10.222.237.1", is_here: true }],
      members: [{ name: foreign, at: foreign, life, since: at(2), since_s: 9, why: foreign, deaths: 0, differs: [] }],
      hand_over: "none",
      dropped: {},
    },
  };
}

export function sampleCall(foreign: string, id = 1): RecordedCall {
  const step = { what: foreign, after_ms: 0, result: null, answer: foreign, unasked: foreign };
  const leg = { call_id: foreign, from: foreign, to: foreign, origin: "localnet", rule: "call", why: foreign } as const;
  return {
    ...{ id, call_id: foreign, at: at(300), from: foreign, to: foreign, origin: "localnet", state: "ended" },
    ...{ status: 200, after_ms: 1_200, lasted_ms: 60_000 },
    legs: [{ ...leg, after_ms: 0, steps: [step], status: 200, took_ms: 1_200 }],
  };
}

export function sampleContact(foreign: string): RegisteredContact {
  return {
    name: `${foreign}@example.com`,
    contact: foreign,
    from: "10.222.237.21:5060",
    transport: "udp",
    left_s: 600,
  };
}

export function sampleEntries(foreign: string): TracedEntry[] {
  const flow = {
    protocol: "udp",
    local: "10.222.237.1",
    local_port: 5060,
    remote_port: 5060,
    call_id: foreign,
  } as const;
  const head = `From: "${foreign}" <sip:201@example.com>\r\nUser-Agent: ${foreign}\r\n\r\n`;
  return [
    {
      kind: "in",
      seq: 1,
      at_ms: 1,
      at: at(300),
      ...flow,
      remote: "10.222.237.21",
      wire: `INVITE sip:1@a SIP/2.0\r\n${head}`,
    },
    { kind: "decision", seq: 2, at_ms: 2, at: at(300), method: "INVITE", call_id: foreign, rule: "call", why: foreign },
    {
      kind: "out",
      seq: 3,
      at_ms: 3,
      at: at(300),
      ...flow,
      remote: "192.0.2.10",
      wire: `INVITE sip:1@a SIP/2.0\r\n${head}`,
    },
    {
      kind: "in",
      seq: 4,
      at_ms: 4,
      at: at(301),
      ...flow,
      remote: "192.0.2.10",
      wire: `SIP/2.0 486 ${foreign}\r\n${head}`,
    },
  ];
}

export function sampleReadiness(foreign: string, isReady = false): Readiness {
  return {
    verdict: isReady ? "ready" : "not ready",
    now: NOW,
    phones: { ready: ["201"], missing: [foreign] },
    gateways: [{ name: foreign, lives: true, channels: 4 }],
    emergency: ["112"],
    peak_calls: 3,
    certificate_left_days: null,
    last_drill: { until: at(0), end: foreign, age_days: 3 },
    findings: (
      [
        { check: "stored", severity: "fault", text: foreign, cure: ["branchline doctor --only storage"] },
        { check: "groups", severity: "warning", text: foreign, cure: [foreign] },
        { check: "clock", severity: "ok", text: "the clock is right", cure: [] },
      ] as const
    ).filter(({ severity }) => !isReady || severity === "ok"),
  };
}

/** @param isDown asked with each answer; @param lifeOf of the other member, too */
export function sampleSources(
  foreign: string,
  isDown: () => boolean,
  lifeOf: () => "alive" | "dead" = () => "alive",
): PageSources {
  const rest = { last: 4, octets: 1_000, limit: 2_000_000 };
  return {
    status: () => sampleStatus(foreign, isDown(), lifeOf()),
    calls: ({ since }) => ({ calls: since === undefined ? [sampleCall(foreign)] : [], changes: 1, run: "r" }),
    readiness: () => sampleReadiness(foreign),
    registered: () => ({ contacts: [sampleContact(foreign)] }),
    trace: () => ({ entries: sampleEntries(foreign), ...rest }),
  };
}
