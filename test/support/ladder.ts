/** What was on the wire, as a ladder that can be read and compared. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { cseqMethodOf, headers, methodOf, readSip, requestUriOf, type SipText, statusOf } from "../sip/message.ts";
import type { Address, Sighting } from "./simulation.ts";

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), "../scenario/ladders");
const NAME_WIDTH = 10;

/**
 * One line a datagram: "seconds  from -> to  what", with what matters of its header fields.
 * @param more lower-case names of fields that matter here
 */
export function ladder(
  sightings: readonly Sighting[],
  names: ReadonlyMap<string, string>,
  more: readonly string[] = [],
): string {
  const nameOf = (at: Address) => names.get(`${at.address} ${at.port}`) ?? "branchline";
  const lines: string[] = [];
  for (const { at_ms, from, to, wire, fate } of sightings) {
    const message = readSip(wire);
    if (cseqMethodOf(message) === "OPTIONS") continue;
    const time = (at_ms / 1000).toFixed(3).padStart(8);
    const way = `${nameOf(from).padStart(NAME_WIDTH)} -> ${nameOf(to).padEnd(NAME_WIDTH)}`;
    const ending = fate === "delivered" ? "" : `  (${fate})`;
    lines.push(`${time} ${way} ${summary(message, more)}${ending}`);
  }
  return `${lines.join("\n")}\n`;
}

/** Compares with the golden file; LADDERS=write writes it instead, to be reviewed as a diff. */
export function expectLadder(name: string, text: string): void {
  const file = join(FOLDER, `${name}.ladder.txt`);
  if (process.env["LADDERS"] === "write") {
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(file, text);
    return;
  }
  expect(existsSync(file), `${name}.ladder.txt exists (npm run ladders writes it)`).toBe(true);
  expect(text).toBe(readFileSync(file, "utf8"));
}

function summary(message: SipText, more: readonly string[]): string {
  const method = methodOf(message);
  if (method !== "") {
    return [method, requestUriOf(message), ...details(message, ["route", "path", "reason", ...more])].join(" ");
  }
  const status = `${statusOf(message)} ${message.startLine.split(" ").slice(2).join(" ")}`;
  const shown = statusOf(message) >= 300 ? ["contact", "reason", "retry-after"] : ["reason"];
  return [status, `(${cseqMethodOf(message)})`, ...details(message, [...shown, ...more])].join(" ");
}

function details(message: SipText, shown: readonly string[]): string[] {
  return shown.flatMap((name) => headers(message, name).map((value) => `${name}=${value}`));
}
