/** `branchline doctor`: looks, judges, and what --fix does about it. */
import { printable } from "../../base/printable.ts";
import { runCommand } from "../../io/node/host.ts";
import { examine, type Finding, slowFor } from "./checks.ts";
import type { Facts } from "./facts.ts";
import { scriptsOf } from "./families.ts";
import { gather, type Patient } from "./gather.ts";

/** A commit on an EdgeRouter X takes some twenty seconds. */
const CHANGE_ms = 120_000;

/** What was seen, and what the checks say of it. */
export interface Diagnosis {
  readonly facts: Facts;
  readonly findings: readonly Finding[];
}

/**
 * Looks; takes less than 10 s, whatever is dead.
 * @param names of the checks
 */
export async function diagnose(patient: Patient, names: readonly string[]): Promise<Diagnosis> {
  const facts = await gather(patient, slowFor(names));
  return { facts, findings: examine(facts, patient.config, names) };
}

/** The changes that --fix makes, each with its opposite. */
export function treatable(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter(({ undo }) => undo !== undefined);
}

/** Makes them; `say` hears of each command before it runs, and what came of it. */
export async function treat(findings: readonly Finding[], say: (line: string) => void): Promise<void> {
  for (const { check, cure, undo = [] } of treatable(findings)) {
    for (const script of scriptsOf(cure.filter((line) => !line.startsWith("#")))) {
      say(`${check}: ${script}`);
      const { code, text } = await runCommand(script, CHANGE_ms);
      if (text !== "") say(`  ${printable(text).replace(/\n/g, "\n  ")}`);
      if (code !== 0) say(`  ended with ${code ?? "a time-out"}`);
    }
    if (undo.length > 0) say(`  to undo it: ${undo.join("; ")}`);
  }
}
