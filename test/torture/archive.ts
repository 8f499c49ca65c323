/** The RFC's own messages, where its archive is at hand: this repository holds none of them. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { TortureMessage } from "./verdict.ts";

const FOLDER = fileURLToPath(new URL("../../../shared/corpora/rfc4475/", import.meta.url));

export const hasArchive = existsSync(`${FOLDER}expected.json`);

/** The archive's own copy lacks the empty line behind the header, which is not what the RFC is after. */
const WHOLE: Readonly<Record<string, string>> = { baddn: "extra/baddn-with-final-crlf" };

/** What a survey made of RFC 4475 before us: acceptable outcomes, the first preferred. */
export interface Expectation {
  readonly section: string;
  readonly expect: readonly string[];
}

export const survey: Readonly<Record<string, Expectation>> = hasArchive
  ? (JSON.parse(readFileSync(`${FOLDER}expected.json`, "utf8")) as { messages: Record<string, Expectation> }).messages
  : {};

/** All 49, exact to the octet; none without the archive. */
export const archiveMessages: readonly TortureMessage[] = (hasArchive ? readdirSync(FOLDER) : [])
  .filter((file) => file.endsWith(".dat"))
  .map((file) => file.replace(".dat", ""))
  .map((name) => ({ name, wire: readArchive(WHOLE[name] ?? name) }));

/** One file of the archive. */
export function readArchive(name: string): string {
  return readFileSync(`${FOLDER}${name}.dat`, "latin1");
}
