/** Why the proxy can't start: the words of Node's error, or better ones, and what helps. */
import { reasonOf } from "../base/reason.ts";

/** Ports below are root's on Linux, unless it has been told otherwise (net.ipv4.ip_unprivileged_port_start). */
const FREE_PORTS_FROM = 1_024;

export interface StartFault {
  readonly error: string;
  readonly cure: string | undefined;
}

/** @param error of a socket that can't be opened, or anything else */
export function startFault(error: unknown): StartFault {
  const { code, address, port } = Object(error) as { code?: unknown; address?: unknown; port?: unknown };
  if (typeof address !== "string" || typeof port !== "number") return { error: reasonOf(error), cure: undefined };
  const place = `port ${port} on ${address}`;
  if (code === "EADDRINUSE") {
    return { error: `${place} is already in use`, cure: "branchline doctor names the program that has it" };
  }
  if (code !== "EACCES") return { error: `${place} can't be opened: ${reasonOf(error)}`, cure: undefined };
  const cure =
    port < FREE_PORTS_FROM
      ? `ports below ${FREE_PORTS_FROM} are for root: choose a higher one, or allow it: sysctl -w net.ipv4.ip_unprivileged_port_start=${port}`
      : undefined;
  return { error: `${place} can't be opened: permission denied`, cure };
}
