/** What doctor has found, as text for people and as JSON for programs. */
import { counted } from "../../app/words/lines.ts";
import { bad, doubtful, faint, good, wrapped } from "../../base/ink.ts";
import { printable } from "../../base/printable.ts";
import type { Finding } from "./checks.ts";
import type { Diagnosis } from "./doctor.ts";
import type { Family, Severity } from "./facts.ts";

/** How the text is to look. */
export interface Style {
  /** Lines are wrapped to this many columns; commands never are. */
  readonly width_columns: number;
  /** Whether each check that is well says what it has found. */
  readonly isVerbose: boolean;
}

const PLATFORMS: Readonly<Record<Family, string>> = {
  edgeos: "EdgeOS",
  openwrt: "OpenWrt",
  tomato: "FreshTomato",
  debian: "Debian",
  unknown: "unknown",
};

/** What comes first matters most. */
const ORDER: readonly Severity[] = ["fault", "warning", "skipped", "ok"];
/** Padded outside of its ink. */
const LABEL: Readonly<Record<Severity, string>> = {
  fault: `${bad("FAULT")}    `,
  warning: `${doubtful("warning")}  `,
  skipped: `${faint("skipped")}  `,
  ok: `${good("ok")}       `,
};
const LABEL_COLUMNS = 9;
const CURE_COLUMNS = 11;

/** Faults first, then warnings, each with its cure; what was skipped, by reason; what is well, in short. */
export function reportText({ facts, findings }: Diagnosis, style: Style): string {
  const of = (severity: Severity) => findings.filter((one) => one.severity === severity);
  const lines = [`Platform: ${PLATFORMS[facts.family]}`];
  for (const finding of [...of("fault"), ...of("warning")]) lines.push(...findingLines(finding, style));
  const reasons = new Map<string, string[]>();
  for (const { check, text } of of("skipped")) reasons.set(text, [...(reasons.get(text) ?? []), check]);
  for (const [text, checks] of reasons) {
    lines.push(...labelled("skipped", `${[...new Set(checks)].join(", ")}: ${text}`, style));
  }
  if (style.isVerbose) for (const finding of of("ok")) lines.push(...findingLines(finding, style));
  else lines.push(...wellLines(findings, style));
  lines.push(summaryText(findings));
  return `${lines.join("\n")}\n`;
}

/** "1 fault, 5 warnings, 1 skipped". */
function summaryText(findings: readonly Finding[]): string {
  const { faults, warnings, skipped } = summary(findings);
  const parts = [counted(faults, "fault"), counted(warnings, "warning")];
  return [...parts, ...(skipped > 0 ? [`${skipped} skipped`] : [])].join(", ");
}

function summary(findings: readonly Finding[]) {
  const count = (wanted: Severity) => findings.filter(({ severity }) => severity === wanted).length;
  return { faults: count("fault"), warnings: count("warning"), skipped: count("skipped"), ok: count("ok") };
}

/** The names of the checks that have found nothing else. */
function wellLines(findings: readonly Finding[], style: Style): string[] {
  const others = new Set(findings.filter(({ severity }) => severity !== "ok").map(({ check }) => check));
  const well = new Set(findings.map(({ check }) => check).filter((check) => !others.has(check)));
  if (well.size === 0) return [];
  return labelled("ok", `${[...well].join(", ")} (--verbose says more)`, style);
}

function findingLines({ severity, check, text, cure, undo }: Finding, style: Style): string[] {
  const lines = labelled(severity, `${check}: ${text}`, style);
  for (const line of cure) lines.push(...cureLines(line, style.width_columns));
  if (undo !== undefined) lines.push(`${" ".repeat(CURE_COLUMNS)}(branchline doctor --fix does this)`);
  return lines;
}

/** A command stands in one line, to be copied; a hint is wrapped. */
function cureLines(line: string, width_columns: number): string[] {
  const indent = " ".repeat(CURE_COLUMNS);
  if (!line.startsWith("# ")) return [`${indent}${oneLine(line)}`];
  const hint = wrapped(oneLine(line.slice(2)), width_columns - CURE_COLUMNS - 2, 0);
  return hint.split("\n").map((part) => `${indent}# ${part}`);
}

function labelled(severity: Severity, text: string, { width_columns }: Style): string[] {
  return wrapped(`${LABEL[severity]}${oneLine(text)}`, width_columns, LABEL_COLUMNS).split("\n");
}

function oneLine(text: string): string {
  return printable(text).replace(/\s+/g, " ");
}

/** All findings, the worst first, for JSON. */
export function reportData({ facts, findings }: Diagnosis) {
  const sorted = ORDER.flatMap((wanted) => findings.filter(({ severity }) => severity === wanted));
  const told = sorted.map(({ check, severity, text, cure, undo, facts: known }) => {
    return { check, severity, text, cure, ...(undo === undefined ? {} : { undo }), facts: known };
  });
  return { platform: facts.family, summary: summary(findings), findings: told };
}
