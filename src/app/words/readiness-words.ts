/** Readiness in words. */
import { bad, doubtful, faint, good } from "../../base/ink.ts";
import type { Readiness } from "../observe/readiness.ts";
import type { ReadinessFinding } from "../observe/readiness-verdict.ts";
import { counted, someOf, wrapped } from "./lines.ts";
import type { Reader } from "./times.ts";

const NAMES_MAX = 12;
const LABELS: Readonly<Record<ReadinessFinding["severity"], string>> = {
  fault: bad("FAULT"),
  warning: doubtful("warning"),
  ok: good("ok"),
};
const VERDICTS: Readonly<Record<Readiness["verdict"], string>> = {
  "not ready": bad("NOT READY"),
  "ready with warnings": doubtful("ready, with warnings"),
  ready: good("ready"),
};

/** The verdict, what an outage would be like, and what is to be mended with the cure of each. */
export function readinessText(readiness: Readiness, isVerbose: boolean, { width }: Reader): string {
  const told = readiness.findings.filter(({ severity }) => isVerbose || severity !== "ok");
  const lines = readinessHead(readiness).flatMap((line) => wrapped(line, width));
  for (const finding of told) {
    lines.push(...wrapped(findingText(finding), width));
    // A command stands in one line, to be copied.
    for (const line of finding.cure) lines.push(`    ${faint(line)}`);
  }
  return `${lines.join("\n")}\n`;
}

/** The verdict, then what an outage would be like: a line each. */
export function readinessHead(readiness: Readiness): string[] {
  const { verdict, phones, is_outage } = readiness;
  const missing = phones.missing.length === 0 ? "" : `; not registered: ${someOf(phones.missing, NAMES_MAX)}`;
  return [
    `${is_outage ? "While upstream takes no calls" : "If the WAN failed now"}: ${VERDICTS[verdict]}`,
    `Phones that ${is_outage ? "can" : "could"} call and be called: ${counted(phones.ready.length, "extension")}${phones.ready.length === 0 ? "" : ` (${someOf(phones.ready, NAMES_MAX)})`}${missing}`,
    `Way out: ${wayText(readiness)}`,
    `Emergency numbers: ${readiness.emergency.length === 0 ? "none" : readiness.emergency.join(", ")}`,
    `Last drill: ${drillText(readiness)}`,
  ];
}

export function findingText({ severity, check, text }: ReadinessFinding): string {
  return `${LABELS[severity]} ${check}: ${text}`;
}

function drillText({ last_drill: last }: Readiness): string {
  if (last === null || last === undefined) return "none is known";
  const { age_days, end } = last;
  return `${age_days === 0 ? "today" : `${counted(age_days, "day")} ago`}${end === "done" ? "" : `, ended early: ${end}`}`;
}

function wayText({ gateways }: Readiness): string {
  const living = gateways.filter(({ lives }) => lives);
  if (living.length === 0) return "none";
  return living
    .map(({ name, channels }) => `gateway ${name}${channels === null ? "" : ` (${counted(channels, "channel")})`}`)
    .join(", ");
}
