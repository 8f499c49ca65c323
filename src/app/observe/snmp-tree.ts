/**
 * What branchline says by SNMP: the objects of deploy/monitoring/BRANCHLINE-MIB.txt as leaves of a tree. A row's number is its number in
 * the MIB, and `test/app/snmp-tree.test.ts` compares the two. A value that isn't known has no leaf.
 */
import type { PeerFacts, RunningStatus } from "../status-facts.ts";
import type { HistoryCounts } from "./history-entries.ts";
import { compareOids, type Oid } from "./oid.ts";
import type { Readiness } from "./readiness.ts";
import { isSurviving, MEMBER_STATES, PEER_STATES, ROLES, survivingSince_s } from "./told-states.ts";

export interface SnmpFacts {
  readonly status: RunningStatus;
  readonly history: HistoryCounts;
  readonly readiness: Pick<Readiness, "verdict" | "findings">;
  /** Seconds since 1970, of a time of day in ISO 8601. */
  readonly secondsOf: (time: string) => number;
}

/** In net-snmp's words; an integer may have a name for each value. */
export type SnmpType = "integer" | "gauge" | "counter" | "timeticks" | "string";

export interface Leaf {
  /** Below branchline's own place in the tree. */
  readonly oid: Oid;
  readonly type: SnmpType;
  readonly value: string;
}

type Value = number | string | undefined;
type Row<F> = readonly [number: number, type: SnmpType, read: (facts: F) => Value];
type Peer = PeerFacts & { readonly calls?: number; readonly channels?: number | undefined };

const VERDICTS: readonly Readiness["verdict"][] = ["ready", "ready with warnings", "not ready"];
const SIZE_MAX = 2 ** 32;
/** Of a DisplayString. */
const LENGTH_MAX = 255;

const RUNNING = 1;
const PROBLEM = 2;

const SCALARS: readonly Row<SnmpFacts>[] = [
  [RUNNING, "integer", () => truth(true)],
  [PROBLEM, "string", () => ""],
  [3, "string", ({ status }) => status.version],
  [4, "timeticks", ({ status }) => status.up_s * 100],
  [5, "integer", ({ status }) => truth(isSurviving(status))],
  [6, "gauge", survivalSeconds],
  [7, "integer", ({ status: { calls_go_to } }) => named(ROLES, calls_go_to?.role)],
  [8, "integer", ({ status }) => truth(status.forced !== undefined)],
  [9, "gauge", ({ status }) => status.phones.addresses],
  [10, "gauge", ({ status }) => status.phones.not_back],
  [11, "gauge", ({ status }) => status.calls_now],
  [12, "integer", ({ readiness }) => named(VERDICTS, readiness.verdict)],
  [13, "gauge", (facts) => findings(facts, "fault")],
  [14, "gauge", (facts) => findings(facts, "warning")],
  [15, "integer", ({ status }) => status.certificate?.left_days ?? undefined],
  [16, "counter", ({ history }) => history.emergency],
  [17, "counter", ({ history }) => history.survived],
  [18, "counter", ({ history }) => history.outage],
  [19, "counter", ({ history }) => history.drill],
  [20, "integer", ({ status }) => truth(status.reload_refused !== undefined)],
  [21, "integer", ({ status }) => named(MEMBER_STATES, status.cluster?.state)],
];

/** Of upstream's targets and of gateways; column 1 is the index. */
const PEER_COLUMNS: readonly Row<Peer>[] = [
  [2, "string", ({ name }) => name],
  [3, "integer", ({ state }) => named(PEER_STATES, state)],
  [4, "gauge", ({ since_s }) => since_s],
  [5, "string", ({ since }) => since],
  [6, "string", evidenceOf],
  [7, "gauge", ({ calls }) => calls],
  [8, "gauge", ({ channels }) => channels],
];

const [SCALAR_GROUP, UPSTREAM_TABLE, GATEWAY_TABLE] = [1, 2, 3];

/** All leaves of a branchline that runs, in the order of their identifiers. */
export function snmpTree(facts: SnmpFacts): Leaf[] {
  const { upstream, gateways } = facts.status;
  const table = (number: number, peers: readonly Peer[]) =>
    peers.flatMap((peer, index) => leavesOf(PEER_COLUMNS, peer, [number, 1], [index + 1]));
  return [
    ...leavesOf(SCALARS, facts, [SCALAR_GROUP], [0]),
    ...table(UPSTREAM_TABLE, upstream),
    ...table(GATEWAY_TABLE, gateways),
  ].sort((one, other) => compareOids(one.oid, other.oid));
}

/** The leaves where none runs, or where it gives no answer. @param problem a sentence that says so */
export function silentTree(problem: string): Leaf[] {
  const rows: readonly Row<string>[] = [
    [RUNNING, "integer", () => truth(false)],
    [PROBLEM, "string", (text) => text],
  ];
  return leavesOf(rows, problem, [SCALAR_GROUP], [0]);
}

function leavesOf<F>(rows: readonly Row<F>[], facts: F, before: Oid, after: Oid): Leaf[] {
  return rows.flatMap(([number, type, read]) => {
    const value = read(facts);
    return value === undefined ? [] : [{ oid: [...before, number, ...after], type, value: shown(type, value) }];
  });
}

/** In one line of ASCII, and within the limits of its type. */
function shown(type: SnmpType, value: number | string): string {
  if (typeof value === "string") return value.replace(/[^ -~]/g, "?").slice(0, LENGTH_MAX);
  if (type === "integer") return `${value}`;
  return `${type === "gauge" ? Math.min(value, SIZE_MAX - 1) : value % SIZE_MAX}`;
}

/** TruthValue of RFC 2579. */
function truth(isSo: boolean): number {
  return isSo ? 1 : 2;
}

/** The place of a word in its list, from one. */
function named(words: readonly string[], word: string | undefined): number | undefined {
  return word === undefined || !words.includes(word) ? undefined : words.indexOf(word) + 1;
}

function survivalSeconds({ status, secondsOf }: SnmpFacts): number | undefined {
  const since_s = isSurviving(status) ? survivingSince_s(status, secondsOf) : undefined;
  if (since_s === undefined || status.now === undefined) return isSurviving(status) ? undefined : 0;
  return Math.max(0, Math.round(secondsOf(status.now) - since_s));
}

function findings({ readiness }: SnmpFacts, severity: "fault" | "warning"): number {
  return readiness.findings.filter((one) => one.severity === severity).length;
}

function evidenceOf({ evidence, evidence_failure }: Peer): string | undefined {
  return evidence_failure === undefined ? evidence : `${evidence}: ${evidence_failure}`;
}
