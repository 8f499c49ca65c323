/** UDP ports that nobody uses on any of the demo's addresses. */
import { createSocket } from "node:dgram";
import { once } from "node:events";

const FIRST_PORT = 5070;
const STEP = 10;
const TRIES = 50;

/**
 * @param count of ports in a row
 * @returns the first one
 * @throws when an address isn't this machine's, or every port is taken
 */
export async function findFreePort(hosts: readonly string[], count = 1): Promise<number> {
  for (let tried = 0; tried < TRIES; tried += 1) {
    const port = FIRST_PORT + tried * STEP;
    const places = Array.from({ length: count }, (_none, index) => hosts.map((host) => ({ host, port: port + index })));
    const faults = await Promise.all(places.flat().map((place) => faultOf(place.host, place.port)));
    if (faults.every((fault) => fault === undefined)) return port;
    const missing = hosts.filter((_host, index) => faults[index] === "EADDRNOTAVAIL");
    if (missing.length > 0) {
      const cure = missing.map((host) => `sudo ifconfig lo0 alias ${host}`).join("; ");
      throw new Error(`this machine lacks loopback addresses. On macOS, which only has 127.0.0.1: ${cure}`);
    }
  }
  throw new Error(`the UDP ports from ${FIRST_PORT} on are in use`);
}

/** The code of the error that keeps us from using `port` at `host`. */
async function faultOf(host: string, port: number): Promise<string | undefined> {
  const socket = createSocket("udp4");
  try {
    socket.bind(port, host);
    await once(socket, "listening");
    return undefined;
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : "unknown";
  } finally {
    socket.close();
  }
}
