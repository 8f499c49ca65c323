/**
 * The protocol by which snmpd asks a program for a part of its tree, line by line (`pass_persist` of snmpd.conf(5)): `PING`; `get` or
 * `getnext`, and an identifier in the next line; `set` with two lines more. An empty line ends it.
 */
import { compareOids, type Oid, oidOf, oidText } from "./oid.ts";
import type { Leaf } from "./snmp-tree.ts";

export type PassRequest =
  | { readonly is: "ping" | "set" | "end" | "unknown" }
  /** `oid` is undefined where the line has none. */
  | { readonly is: "get" | "getnext"; readonly oid: Oid | undefined };

const NONE = "NONE\n";

/** @param lines what has come since the last request; undefined: more belongs to it */
export function passRequest(lines: readonly string[]): PassRequest | undefined {
  const [word = "", oid] = lines;
  switch (word.toLowerCase()) {
    case "":
      return { is: "end" };
    case "ping":
      return { is: "ping" };
    case "get":
    case "getnext":
      return oid === undefined ? undefined : { is: word.toLowerCase() === "get" ? "get" : "getnext", oid: oidOf(oid) };
    case "set":
      return lines.length < 3 ? undefined : { is: "set" };
    default:
      return { is: "unknown" };
  }
}

/**
 * What is said to it, with its line ends.
 * @param base branchline's place in the tree
 * @param leaves below it, in their order
 */
export function passAnswer(request: PassRequest, base: Oid, leaves: readonly Leaf[]): string {
  if (request.is === "ping") return "PONG\n";
  if (request.is === "set") return "not-writable\n";
  if (request.is !== "get" && request.is !== "getnext") return NONE;
  const { oid: asked } = request;
  if (asked === undefined) return NONE;
  const isMeant = ({ oid }: Leaf) => {
    const order = compareOids([...base, ...oid], asked);
    return request.is === "get" ? order === 0 : order > 0;
  };
  const found = leaves.find(isMeant);
  return found === undefined ? NONE : `${oidText([...base, ...found.oid])}\n${found.type}\n${found.value}\n`;
}
