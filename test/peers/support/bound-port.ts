/** Whether some process listens: for programs that don't say when they are ready. */
import { readFileSync } from "node:fs";
import type { Endpoint } from "./addresses.ts";
import { until } from "./clock.ts";

/** Returns once a UDP socket is bound to this IPv4 address and port. */
export async function udpBound({ host, port }: Endpoint): Promise<void> {
  const wanted = ` ${hexadecimalAddress(host)}:${hexadecimal(port, 4)} `;
  await until(`a socket on ${host}:${port}`, () => readFileSync("/proc/net/udp", "latin1").includes(wanted));
}

/** As /proc/net writes it on little-endian machines. */
function hexadecimalAddress(host: string): string {
  const bytes = host.split(".").map((byte) => hexadecimal(Number(byte), 2));
  return bytes.reverse().join("");
}

function hexadecimal(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, "0");
}
