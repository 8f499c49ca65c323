/** A tiny DNS server on a loopback socket: answers from a zone, or as badly as the test wants. */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

type Data =
  | { readonly type: "A" | "AAAA"; readonly address: string }
  | { readonly type: "SRV"; readonly srv: readonly [priority: number, weight: number, port: number, target: string] }
  | {
      readonly type: "NAPTR";
      readonly naptr: readonly [order: number, preference: number, service: string, to: string];
    };

export type ZoneRecord = Data & { readonly ttl_s?: number };

/** How it treats those who ask. */
export type Manner = "answer" | "silent" | "servfail" | "refused" | "notimp" | "garbage" | "cut";

const TYPES: Readonly<Record<number, string>> = { 1: "A", 28: "AAAA", 33: "SRV", 35: "NAPTR" };
const CODES: Readonly<Record<string, number>> = { A: 1, AAAA: 28, SRV: 33, NAPTR: 35 };
const RCODES: Partial<Record<Manner, number>> = { servfail: 2, notimp: 4, refused: 5 };
const NXDOMAIN = 3;
const HEADER_BYTES = 12;

export class DnsServer {
  readonly zone = new Map<string, readonly ZoneRecord[]>();
  /** By type, such as "NAPTR"; the rest is answered. */
  readonly manners = new Map<string, Manner>();
  manner: Manner = "answer";
  /** What it was asked, such as "SRV _sip._udp.example.com". */
  readonly asked: string[] = [];
  private readonly socket: Socket;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("message", (query, from) => {
      const answer = this.reply(query);
      if (answer !== undefined) socket.send(answer, from.port, from.address);
    });
  }

  /** @param port 0: any that is free */
  static async open(host = "127.0.0.1", port = 0): Promise<DnsServer> {
    const socket = createSocket("udp4");
    socket.bind(port, host);
    await once(socket, "listening");
    return new DnsServer(socket);
  }

  /** As Node's resolver and our configuration want it. */
  get address(): string {
    const { address, port } = this.socket.address();
    return `${address}:${port}`;
  }

  /** From now on the kernel refuses what comes. */
  close(): Promise<void> {
    return new Promise((resolve) => this.socket.close(() => resolve()));
  }

  private reply(query: Buffer): Buffer | undefined {
    const { name, end } = readName(query);
    const type = TYPES[query.readUInt16BE(end)] ?? "?";
    this.asked.push(`${type} ${name}`);
    const manner = this.manners.get(type) ?? this.manner;
    if (manner === "silent") return undefined;
    if (manner === "garbage")
      return Buffer.concat([query.subarray(0, 2), Buffer.from("81800001000900000000ffc0ff", "hex")]);
    const records = manner === "answer" || manner === "cut" ? (this.zone.get(name) ?? []) : [];
    const answers = records.filter((record) => record.type === type).map(answerOf);
    const rcode = RCODES[manner] ?? (this.zone.has(name) ? 0 : NXDOMAIN);
    const header = Buffer.alloc(HEADER_BYTES);
    query.copy(header, 0, 0, 2);
    header.writeUInt16BE(0x8180 | rcode, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(answers.length, 6);
    const whole = Buffer.concat([header, query.subarray(HEADER_BYTES, end + 4), ...answers]);
    return manner === "cut" ? whole.subarray(0, whole.length - 3) : whole;
  }
}

function readName(query: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join(".").toLowerCase(), end: at + 1 };
}

function answerOf(record: ZoneRecord): Buffer {
  const data = dataOf(record);
  const head = Buffer.alloc(HEADER_BYTES);
  head.writeUInt16BE(0xc000 | HEADER_BYTES, 0);
  head.writeUInt16BE(CODES[record.type] ?? 0, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(record.ttl_s ?? 60, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function dataOf(record: ZoneRecord): Buffer {
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

function shorts(...values: number[]): Buffer {
  return Buffer.from(values.flatMap((value) => [value >> 8, value & 255]));
}

function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([value.length]), Buffer.from(value, "latin1")]);
}

function wireName(name: string): Buffer {
  const labels = name.split(".").filter((label) => label !== "");
  return Buffer.concat([...labels.map(text), Buffer.from([0])]);
}
