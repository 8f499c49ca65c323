/**
 * Reads spoiled responses with the codec of DNS. Arguments: how many, a seed, and good responses to queries, in JSON: [[name, type,
 * octets in hexadecimal digits]…]; their id is 0xbeef. Prints how many there were of each verdict.
 */
import * as fs from "node:fs";
import { encodeName, readName } from "../../../src/transport/dns/domain-name.ts";
import { type Query, readResponse } from "../../../src/transport/dns/message.ts";
import { Rng } from "../../fuzz/rng.ts";

const [times = "", seed = "", given = "[]"] = process.argv.slice(2);
const rng = new Rng(Number(seed));
const samples = (JSON.parse(given) as [string, Query["type"], string][]).map(([name, type, digits]) => {
  const wire = digits.replace(/../g, (octet) => String.fromCharCode(Number.parseInt(octet, 16)));
  const query = { id: 0xbeef, type, name: encodeName(name) ?? "", isCased: true, isExtended: true };
  return { query, wire };
});
const seen: Record<string, number> = {};

function octets(length: number): string {
  let text = "";
  while (text.length < length) text += String.fromCharCode(rng.below(256));
  return text;
}

/** Octets changed, cut out, put in, and pieces of the text itself repeated. */
function spoiled(wire: string): string {
  let text = wire;
  for (let edits = 1 + rng.below(4); edits > 0; edits--) {
    // The head and the question are left alone mostly: behind a wrong one nothing is read.
    const at = rng.chance(0.1) ? rng.below(text.length + 1) : Math.min(text.length, 30 + rng.below(text.length));
    const from = rng.below(text.length);
    const put = rng.pick(["", octets(1), octets(rng.below(6)), "\xc0\x0c", text.slice(from, from + rng.below(40))]);
    text = text.slice(0, at) + put + text.slice(at + rng.below(5));
  }
  return text;
}

for (let left = Number(times); left > 0; left--) {
  const { query, wire } = rng.pick(samples);
  const text = spoiled(wire);
  const verdict = readResponse(text, query);
  const kind = typeof verdict === "string" ? verdict : "answer";
  seen[kind] = (seen[kind] ?? 0) + 1;
  readName(text, rng.below(text.length + 2));
}
fs.writeSync(1, JSON.stringify(seen));
