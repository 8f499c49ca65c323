/** Whether some process listens: for programs that don't say when they are ready. */
import { readFileSync } from "node:fs";
import type { Endpoint } from "./addresses.ts";
import { until } from "./clock.ts";

/** Returns once a UDP socket is bound to this IPv4 address and port. */
export async function udpBound({ host, port }: Endpoint): Promise<void> {
  const wanted = ` ${hexadecimalAddress(host)}:${hexadecimal(port, 4)} `;
  await until(`a socket on ${host}:${port}`, () => readFileSync("/proc/net/udp", "latin1").includes(wanted));
}

/** Returns once a TCP socket listens on this IPv4 address and port. */
export async function tcpBound({ host, port }: Endpoint): Promise<void> {
  const wanted = ` ${hexadecimalAddress(host)}:${hexadecimal(port, 4)} 00000000:0000 0A `;
  await until(`a listener on ${host}:${port}`, () => readFileSync("/proc/net/tcp", "latin1").includes(wanted));
}

/** How many datagrams the sockets bound to this IPv4 address and port have had no room for. */
export function droppedDatagrams({ host, port }: Endpoint): number {
  const local = `${hexadecimalAddress(host)}:${hexadecimal(port, 4)}`;
  const rows = readFileSync("/proc/net/udp", "latin1")
    .split("\n")
    .map((row) => row.trim().split(/\s+/));
  return rows.filter((row) => row[1] === local).reduce((total, row) => total + Number(row.at(-1)), 0);
}

/** As /proc/net writes it on little-endian machines. */
function hexadecimalAddress(host: string): string {
  const bytes = host.split(".").map((byte) => hexadecimal(Number(byte), 2));
  return bytes.reverse().join("");
}

function hexadecimal(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, "0");
}
