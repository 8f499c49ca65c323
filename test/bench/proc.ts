/** What the kernel knows about a process and all its descendants, from /proc. */
import { readdirSync, readFileSync } from "node:fs";
import type { Address } from "./addresses.ts";

/** `root` and every process below it, by parent links. */
export function processTree(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const parent = parentOf(pid);
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [pid]);
    else siblings.push(pid);
  }
  const tree = [root];
  for (const pid of tree) tree.push(...(children.get(pid) ?? []));
  return tree;
}

/** CPU time of all threads of `pids` so far: the scheduler's own count, not that of ticks. */
export function cpuTime_us(pids: readonly number[]): number {
  let total_ns = 0;
  for (const pid of pids) {
    for (const thread of list(`/proc/${pid}/task`)) {
      const [running_ns] = read(`/proc/${pid}/task/${thread}/schedstat`).split(" ");
      total_ns += Number(running_ns);
    }
  }
  return total_ns / 1000;
}

export interface Memory {
  /** What several processes share counts once (proportional set size). */
  readonly all_mb: number;
  /** The same without pages of files, such as the program of Node: those the kernel can drop and read again. */
  readonly own_mb: number;
}

/** Memory of `pids`. */
export function memoryOf(pids: readonly number[]): Memory {
  let [all_kb, files_kb] = [0, 0];
  for (const pid of pids) {
    const rollup = read(`/proc/${pid}/smaps_rollup`);
    const field_kb = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(rollup)?.[1] ?? 0);
    all_kb += field_kb("Pss");
    files_kb += field_kb("Pss_File");
  }
  return { all_mb: all_kb / 1024, own_mb: (all_kb - files_kb) / 1024 };
}

export interface Drops {
  /** Datagrams that found the receive buffer of the socket at the address full. */
  readonly there: number;
  /** The same of all other sockets: those of the generator, which should never drop any. */
  readonly elsewhere: number;
}

/** Datagrams dropped so far, in the network namespace of `pid`. */
export function udpDrops(pid: number, address: Address): Drops {
  const wanted = kernelAddress(address);
  let there = 0;
  let elsewhere = 0;
  for (const line of read(`/proc/${pid}/net/udp`).trim().split("\n").slice(1)) {
    const columns = line.trim().split(/\s+/);
    const drops = Number(columns.at(-1));
    if (columns[1] === wanted) there += drops;
    else elsewhere += drops;
  }
  return { there, elsewhere };
}

/** An IPv4 address as /proc/net writes it: a native 32-bit number and a port, in hexadecimal. */
function kernelAddress({ host, port }: Address): string {
  const bytes = host.split(".").map((byte) => hexadecimal(Number(byte), 2));
  return `${bytes.reverse().join("")}:${hexadecimal(port, 4)}`;
}

function hexadecimal(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, "0");
}

/** The fourth field of stat; the second, the name in parentheses, may hold blanks. */
function parentOf(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

/** Processes may end while they are looked at: what is gone reads as nothing. */
function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
