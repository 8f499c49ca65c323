/** Node's `os`: the machine, as the kernel's files and the host tell of it. */
import * as native from "native";
import { canonicalAddress } from "../../base/ip-range.ts";
import { env } from "./environment.ts";
import { systemError } from "./errors.ts";
import { readFileSync } from "./fs-sync.ts";

/** As Node names them. */
export interface NetworkAddress {
  readonly address: string;
  readonly family: "IPv4" | "IPv6";
  /** The address with the length of its network's prefix. */
  readonly cidr: string;
}

export function endianness(): "BE" | "LE" {
  return native.isBigEndian ? "BE" : "LE";
}

export function type(): string {
  return native.uname()[0] ?? "";
}

export function release(): string {
  return native.uname()[1] ?? "";
}

/** As the kernel has it; "localhost" where it doesn't say. */
export function hostname(): string {
  return textOf("/proc/sys/kernel/hostname").trim() || "localhost";
}

export function totalmem(): number {
  return native.memory_bytes()[0] ?? 0;
}

export function freemem(): number {
  return native.memory_bytes()[1] ?? 0;
}

export function uptime(): number {
  return native.uptime_s();
}

/** Three averages; zeros where the kernel doesn't say. */
export function loadavg(): number[] {
  const fields = textOf("/proc/loadavg").split(" ").slice(0, 3).map(Number);
  return fields.length === 3 ? fields : [0, 0, 0];
}

export function tmpdir(): string {
  const { TMPDIR, TMP, TEMP } = env;
  const folder = TMPDIR || TMP || TEMP || "/tmp";
  return folder.replace(/(?!^)\/$/, "");
}

/** One for each processor that this process may use; the model as the kernel calls it. */
export function cpus(): { readonly model: string }[] {
  const info = textOf("/proc/cpuinfo");
  const [, model = "unknown"] = /^(?:model name|cpu model|Processor|Hardware)\s*:\s*(.*)$/m.exec(info) ?? [];
  return Array.from({ length: native.cpuCount() }, () => ({ model }));
}

/** Addresses of interfaces that are up and running, by interface. @throws SystemError */
export function networkInterfaces(): Record<string, NetworkAddress[]> {
  const found = native.ipv4Interfaces();
  if (typeof found === "number") throw systemError(found, "uv_interface_addresses");
  const interfaces: Record<string, NetworkAddress[]> = {};
  const add = (name: string, address: NetworkAddress) => {
    interfaces[name] = [...(interfaces[name] ?? []), address];
  };
  for (const [name, address, prefix_bits] of found) {
    if (isRunning(name)) add(name, { address, family: "IPv4", cidr: `${address}/${prefix_bits}` });
  }
  const lines = textOf("/proc/net/if_inet6")
    .split("\n")
    .sort((one, other) => rankOf(one) - rankOf(other));
  for (const line of lines) {
    const [, digits, prefix, , name] = V6_LINE.exec(line) ?? [];
    if (digits === undefined || prefix === undefined || name === undefined || !isRunning(name)) continue;
    const address = canonicalAddress(digits.replace(/(.{4})(?!$)/g, "$1:"));
    add(name, { address, family: "IPv6", cidr: `${address}/${Number.parseInt(prefix, 16)}` });
  }
  return interfaces;
}

/** Address, index, length of the prefix, scope, flags, name: all but the name in hexadecimal digits. */
const V6_LINE = /^([\da-f]{32}) [\da-f]+ ([\da-f]+) [\da-f]+ ([\da-f]+) +(\S+)$/;
/** IFA_F_TEMPORARY, IFA_F_DADFAILED, IFA_F_DEPRECATED, IFA_F_TENTATIVE: the address goes, or isn't there yet. */
const PASSING = 0x01 | 0x08 | 0x20 | 0x40;
const IFF_UP = 1;

/** The file's own order is none: addresses that stay come first, and those of the link alone (fe80::/10) last. */
function rankOf(line: string): number {
  const flags = Number.parseInt(V6_LINE.exec(line)?.[3] ?? "", 16);
  return (/^fe[89ab]/.test(line) ? 2 : 0) + (flags & PASSING ? 1 : 0);
}

/** Where the kernel doesn't say, it is taken to be. */
function isRunning(name: string): boolean {
  const folder = `/sys/class/net/${name}`;
  const flags = textOf(`${folder}/flags`);
  const state = textOf(`${folder}/operstate`).trim();
  const isUp = flags === "" || (Number(flags) & IFF_UP) !== 0;
  // RFC 2863's states: of a loopback or a tunnel it is unknown.
  return isUp && (state === "" || state === "up" || state === "unknown");
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}
