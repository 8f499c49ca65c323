/**
 * Were the WAN to die now: which phones could call and be called, by which way, and what is to be mended before. Facts come in, findings go
 * out. Another check is a row of `CHECKS`; its name is part of the interface (`--json`, `deploy/readiness.md`).
 */
import { calledBy, channels, emergency, gateways, groups } from "./readiness-calls.ts";
import {
  certificate,
  clock,
  drill,
  expires,
  file,
  listen,
  pair,
  stored,
  tables,
  upstream,
} from "./readiness-router.ts";
import { isOutage, type ReadinessFacts, type ReadinessFinding, type ReadinessVerdict } from "./readiness-verdict.ts";

/** What `readiness --json` prints. */
export interface Readiness {
  readonly verdict: "ready" | "ready with warnings" | "not ready";
  readonly now: string;
  /** Upstream can't be reached, or is forced down: all of this is so now. */
  readonly is_outage?: true;
  readonly phones: {
    /** Extensions that could call, and that could be called, sorted. */
    readonly ready: readonly string[];
    /** Extensions that the file names, or that were here, and that nothing would ring. */
    readonly missing: readonly string[];
  };
  /** The ways to the outside, best first: of which gateways each lives, with how many channels; null: no limit. */
  readonly gateways: readonly { readonly name: string; readonly lives: boolean; readonly channels: number | null }[];
  readonly emergency: readonly string[];
  readonly peak_calls: number;
  readonly certificate_left_days: number | null;
  readonly last_drill: ReadinessFacts["drill"] | null;
  /** What is to be mended, the worst first, then what is well. */
  readonly findings: readonly ReadinessFinding[];
}

/** In the order in which they are told. */
const CHECKS: Readonly<Record<string, (facts: ReadinessFacts) => ReadinessVerdict[]>> = {
  phones: calledBy,
  groups,
  gateways,
  emergency,
  channels,
  upstream,
  listen,
  expires,
  stored,
  tables,
  file,
  clock,
  certificate,
  pair,
  drill,
};

const ORDER: readonly ReadinessVerdict["severity"][] = ["fault", "warning", "ok"];

/** All that is told of these facts. */
export function readinessOf(facts: ReadinessFacts): Readiness {
  const found = Object.entries(CHECKS).flatMap(([check, judge]) => judge(facts).map((one) => ({ check, ...one })));
  const findings = ORDER.flatMap((severity) => found.filter((one) => one.severity === severity));
  const { status, site, contacts, peak } = facts;
  const [worst] = findings;
  const ready = [...new Set(contacts.map(({ name }) => userOf(name)))].sort();
  const members = (status.members ?? []).filter(({ registered }) => registered === null).map(({ member }) => member);
  return {
    verdict:
      worst?.severity === "fault" ? "not ready" : worst?.severity === "warning" ? "ready with warnings" : "ready",
    now: status.now ?? "",
    ...(isOutage(status) ? { is_outage: true as const } : {}),
    phones: { ready, missing: [...new Set(members)].filter((one) => !ready.includes(one)).sort() },
    gateways: status.gateways.map(({ name, state, channels: most = null }) => {
      return { name, lives: state !== "down", channels: most };
    }),
    emergency: site.emergency.numbers,
    peak_calls: peak,
    certificate_left_days: status.certificate?.left_days ?? null,
    last_drill: facts.drill ?? null,
    findings,
  };
}

/** What would fail, the worst first, each in one line. */
export function faultsOf({ findings }: Pick<Readiness, "findings">): readonly string[] {
  return findings.flatMap(({ severity, check, text }) => (severity === "fault" ? `${check}: ${text}` : []));
}

function userOf(name: string): string {
  return name.slice(0, name.lastIndexOf("@"));
}
