/** `branchline doctor`: all checks, what they say, and what --fix does about it. */
import type { Config } from "../../app/config/config.ts";
import { printable } from "../../base/printable.ts";
import { runCommand } from "../../io/node/host.ts";
import type { Facts, Family, State, Verdict } from "./facts.ts";
import { scriptsOf } from "./families.ts";
import { firewall, offload } from "./firewall.ts";
import { dialOut } from "./forged.ts";
import { gather } from "./gather.ts";
import { boot, buffers, clock, memory, phones, ports, routes, running, storage } from "./machine.ts";
import { mtu } from "./mtu.ts";
import { addresses, gateways, names, outboundProxy, path, supportPath, upstream } from "./peers.ts";
import { sipHelper, tracking } from "./sip-helper.ts";

type Check = (facts: Facts, config: Config) => Verdict[];

/** In the order in which they are told. */
const CHECKS: Readonly<Record<string, Check>> = {
  running,
  ports,
  phones,
  upstream,
  gateways,
  mtu,
  addresses,
  dns: names,
  "sip-helper": sipHelper,
  path,
  "support-path": supportPath,
  "outbound-proxy": outboundProxy,
  conntrack: tracking,
  firewall,
  offload,
  routes,
  "dial-out": dialOut,
  clock,
  storage,
  memory,
  buffers,
  boot,
};

export interface Finding extends Verdict {
  readonly check: string;
}

/** A commit on an EdgeRouter X takes some twenty seconds. */
const CHANGE_ms = 120_000;

/** What all checks say of these facts. */
export function examine(facts: Facts, config: Config): Finding[] {
  return Object.entries(CHECKS).flatMap(([check, judge]) =>
    judge(facts, config).map((verdict) => ({ check, ...verdict })),
  );
}

export interface Report {
  readonly family: Family;
  readonly findings: readonly Finding[];
}

/** Looks; takes less than 10 s, whatever is dead. */
export async function diagnose(config: Config, built: string): Promise<Report & { readonly facts: Facts }> {
  const facts = await gather(config, built);
  return { family: facts.family, findings: examine(facts, config), facts };
}

/** The changes that --fix makes, each with its opposite. */
export function treatable(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter(({ undo }) => undo !== undefined);
}

/** Makes them; `say` hears of each command before it runs, and what came of it. */
export async function treat(findings: readonly Finding[], say: (line: string) => void): Promise<void> {
  for (const { check, cure = [], undo = [] } of treatable(findings)) {
    for (const script of scriptsOf(cure.filter((line) => !line.startsWith("#")))) {
      say(`${check}: ${script}`);
      const { code, text } = await runCommand(script, CHANGE_ms);
      if (text !== "") say(`  ${printable(text).replace(/\n/g, "\n  ")}`);
      if (code !== 0) say(`  ended with ${code ?? "a time-out"}`);
    }
    if (undo.length > 0) say(`  to undo it: ${undo.join("; ")}`);
  }
}

const LABEL: Readonly<Record<State, string>> = {
  ok: "ok      ",
  warning: "warning ",
  fault: "FAULT   ",
  unseen: "unseen  ",
};

/** The report as people read it. */
export function reportText({ family, findings }: Report): string {
  const lines = [`This router is of the family ${family}.`];
  for (const { check, state, text, cure = [], undo } of findings) {
    lines.push(`${LABEL[state]}${check}: ${text}`, ...cure.map((line) => `            ${line}`));
    if (undo !== undefined) lines.push("          (--fix does that)");
  }
  const count = (wanted: State) => findings.filter(({ state }) => state === wanted).length;
  lines.push(`Faults: ${count("fault")}, warnings: ${count("warning")}, not seen: ${count("unseen")}.`);
  return `${printable(lines.join("\n"))}\n`;
}
