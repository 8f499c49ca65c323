/** Messages of DNS as a server writes them, from a zone; nothing of it is branchline's own code. */

type Data =
  | { readonly type: "A" | "AAAA"; readonly address: string }
  | { readonly type: "CNAME"; readonly target: string }
  | { readonly type: "SRV"; readonly srv: readonly [priority: number, weight: number, port: number, target: string] }
  | {
      readonly type: "NAPTR";
      readonly naptr: readonly [order: number, preference: number, service: string, to: string];
    };

export type ZoneRecord = Data & { readonly ttl_s?: number };
export type Zone = ReadonlyMap<string, readonly ZoneRecord[]>;

/** The zone's SOA, as it stands in answers that say: there is none. */
export interface Soa {
  readonly name: string;
  readonly ttl_s: number;
  readonly minimum_s: number;
}

export interface Query {
  readonly id: Buffer;
  /** Name, type and class as they came. */
  readonly question: Buffer;
  /** In lower case. */
  readonly name: string;
  /** Such as "NAPTR"; "?" for one that the server doesn't know. */
  readonly type: string;
  /** It came with EDNS0. */
  readonly isExtended: boolean;
}

/** What a reply says otherwise than the query and the zone. */
export interface Twist {
  readonly id?: Buffer;
  readonly question?: Buffer;
  readonly rcode?: number;
  /** Its flags, rcode included. */
  readonly flags?: number;
  readonly isTruncated?: boolean;
  readonly soa?: Soa | undefined;
  /** In place of what the zone has. */
  readonly answers?: readonly Buffer[];
  readonly authorities?: readonly Buffer[];
  readonly additional?: readonly Buffer[];
}

const CODES: Readonly<Record<string, number>> = { A: 1, CNAME: 5, SOA: 6, AAAA: 28, SRV: 33, NAPTR: 35 };
const TYPES = new Map(Object.entries(CODES).map(([name, code]) => [code, name]));
const HEADER_BYTES = 12;
const NXDOMAIN = 3;
const TRUNCATED = 0x0200;
const DEFAULT_TTL_s = 60;
/** The question's name. */
export const POINTER_TO_QUESTION = Buffer.from([0xc0, HEADER_BYTES]);

export function readQuery(bytes: Buffer): Query {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = bytes[at] ?? 0; length > 0; length = bytes[at] ?? 0) {
    labels.push(bytes.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return {
    id: bytes.subarray(0, 2),
    question: bytes.subarray(HEADER_BYTES, at + 5),
    name: labels.join(".").toLowerCase(),
    type: TYPES.get(bytes.readUInt16BE(at + 1)) ?? "?",
    isExtended: bytes.readUInt16BE(10) > 0,
  };
}

/** What the zone has, over all its CNAMEs, or what `twist` says. */
export function replyTo(query: Query, zone: Zone, twist: Twist = {}): Buffer {
  const found = follow(query, zone);
  const answers = twist.answers ?? found.answers;
  const isAbsent = answers.length === 0 && twist.soa !== undefined;
  const authorities = twist.authorities ?? (isAbsent && twist.soa !== undefined ? [soaRecord(twist.soa)] : []);
  const additional = twist.additional ?? (query.isExtended ? [optRecord()] : []);
  const rcode = twist.rcode ?? (found.isKnown ? 0 : NXDOMAIN);
  const flags = (twist.flags ?? 0x8180 | rcode) | (twist.isTruncated ? TRUNCATED : 0);
  const question = twist.question ?? query.question;
  const counts = [question.length > 0 ? 1 : 0, answers.length, authorities.length, additional.length];
  const header = Buffer.concat([twist.id ?? query.id, shorts(flags, ...counts)]);
  return Buffer.concat([header, question, ...answers, ...authorities, ...additional]);
}

function follow({ name, type }: Query, zone: Zone): { answers: Buffer[]; isKnown: boolean } {
  const answers: Buffer[] = [];
  const seen = new Set<string>();
  let owner = name;
  let pointer: Buffer = POINTER_TO_QUESTION;
  for (;;) {
    const records = zone.get(owner) ?? [];
    const found = records.filter((record) => record.type === type);
    answers.push(...found.map((record) => recordFor(pointer, record)));
    const alias = records.find((record) => record.type === "CNAME");
    if (found.length > 0 || alias?.type !== "CNAME" || seen.has(owner)) return { answers, isKnown: zone.has(owner) };
    seen.add(owner);
    answers.push(recordFor(pointer, alias));
    owner = alias.target.toLowerCase();
    pointer = wireName(alias.target);
  }
}

/** A record of `owner`, a name on the wire. */
export function recordFor(owner: Buffer, record: ZoneRecord): Buffer {
  return rawRecord(owner, CODES[record.type] ?? 0, record.ttl_s ?? DEFAULT_TTL_s, dataOf(record));
}

/** Any record; its class is IN. */
export function rawRecord(owner: Buffer, type: number, ttl_s: number, data: Buffer, kind = 1): Buffer {
  const ttl = Buffer.alloc(4);
  ttl.writeUInt32BE(ttl_s, 0);
  return Buffer.concat([owner, shorts(type, kind), ttl, shorts(data.length), data]);
}

export function soaRecord({ name, ttl_s, minimum_s }: Soa): Buffer {
  const numbers = shorts(0, 1, 0, 3_600, 0, 600, 1, 20_864, 0, minimum_s);
  const data = Buffer.concat([wireName(`ns.${name}`), wireName(`admin.${name}`), numbers]);
  return rawRecord(wireName(name), CODES["SOA"] ?? 0, ttl_s, data);
}

/** @param rcode the upper eight bits of a longer response code */
export function optRecord(rcode = 0): Buffer {
  return rawRecord(Buffer.from([0]), 41, rcode * 0x1000000, Buffer.alloc(0), 1_232);
}

function dataOf(record: ZoneRecord): Buffer {
  if (record.type === "CNAME") return wireName(record.target);
  if (record.type === "SRV") {
    const [priority, weight, port, target] = record.srv;
    return Buffer.concat([shorts(priority, weight, port), wireName(target)]);
  }
  if (record.type === "NAPTR") {
    const [order, preference, service, to] = record.naptr;
    return Buffer.concat([shorts(order, preference), text("s"), text(service), text(""), wireName(to)]);
  }
  if (record.type === "A") return Buffer.from(record.address.split(".").map(Number));
  const [left = "", right = ""] = record.address.split("::");
  const groups = (part: string) => part.split(":").filter((group) => group !== "");
  const zeros = 8 - groups(left).length - groups(right).length;
  return shorts(
    ...[...groups(left), ...new Array<string>(zeros).fill("0"), ...groups(right)].map((one) => parseInt(one, 16)),
  );
}

export function shorts(...values: number[]): Buffer {
  return Buffer.from(values.flatMap((value) => [value >> 8, value & 255]));
}

function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([value.length]), Buffer.from(value, "latin1")]);
}

/** Without escapes: a dot ends a label. */
export function wireName(name: string): Buffer {
  const labels = name.split(".").filter((label) => label !== "");
  return Buffer.concat([...labels.map(text), Buffer.from([0])]);
}
