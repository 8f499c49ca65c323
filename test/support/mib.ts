/** deploy/monitoring/BRANCHLINE-MIB.txt: its objects, and where they are in the tree. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { MONITORING } from "./monitoring-files.ts";

export const MIB = join(MONITORING, "BRANCHLINE-MIB.txt");

/** An object that can be read. */
export interface MibObject {
  readonly name: string;
  /** Below branchline's own place; without the index. */
  readonly oid: readonly number[];
  readonly syntax: string;
  /** Where its values have names, in their order. */
  readonly words: readonly string[];
}

const TEXT = readFileSync(MIB, "utf8");

export const MIB_OBJECTS: readonly MibObject[] = [
  ...TEXT.matchAll(/^(\w+) OBJECT-TYPE\n +SYNTAX +([^\n]+)\n(?: +UNITS [^\n]+\n)? +MAX-ACCESS +read-only/gm),
].map(([, name = "", syntax = ""]) => {
  const words = [...syntax.matchAll(/(\w+)\((\d+)\)/g)].map(([, word = ""]) => word);
  return { name, syntax, words, oid: placeOf(name) };
});

function placeOf(name: string): readonly number[] {
  if (name === "branchline") return [];
  const declared = new RegExp(`^${name} +OBJECT[\\s\\S]*?::= \\{ (\\w+) (\\d+) \\}`, "m").exec(TEXT);
  if (declared === null) throw new Error(`BRANCHLINE-MIB has no ${name}`);
  const [, parent = "", number = ""] = declared;
  return [...placeOf(parent), Number(number)];
}
