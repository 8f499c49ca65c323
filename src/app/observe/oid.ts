/** Object identifiers of SNMP (RFC 2578 §3.5): sub-identifiers from the root, which are compared one by one. */

export type Oid = readonly number[];

const PARTS_MAX = 128;
const PART_MAX = 2 ** 32 - 1;

/** @param text ".1.3.6", or "1.3.6"; undefined: it is none */
export function oidOf(text: string): Oid | undefined {
  if (!/^\.?\d+(?:\.\d+)*$/.test(text)) return undefined;
  const parts = text.replace(/^\./, "").split(".").map(Number);
  return parts.length <= PARTS_MAX && parts.every((part) => part <= PART_MAX) ? parts : undefined;
}

/** With a dot before it, as snmpd has it. */
export function oidText(oid: Oid): string {
  return `.${oid.join(".")}`;
}

/** Below 0: `one` comes first, and so does the shorter of two that are equal so far. */
export function compareOids(one: Oid, other: Oid): number {
  const at = one.findIndex((part, index) => part !== other[index]);
  if (at < 0) return one.length - other.length;
  return at >= other.length ? 1 : (one[at] ?? 0) - (other[at] ?? 0);
}
