/** Sockets that only ask and listen for a while: nothing that comes is answered. */
import * as dgram from "dgram";
import { performance } from "perf_hooks";

const SIP_PORT = 5060;
const ASK_AGAIN_ms = 700;
/** Between two strangers. Each costs the network an ARP request, and the kernel a place among its neighbours. */
const PACE_ms = 5;
/** What the last one that is asked has for its answer. */
const ANSWER_ms = 1_000;

/** One of our own addresses, and what phones take for a proxy's port. */
export interface Ear {
  readonly address: string;
  readonly port: number;
}

export interface OpenEar extends Ear {
  readonly socket: dgram.Socket;
  /** Another program has the port: only answers to our questions come here, to a port of the socket's own. */
  readonly isTaken: boolean;
}

export interface Listening {
  /** At least; it goes on until the last one that is asked could have answered. */
  readonly duration_ms: number;
  /** Ends it earlier, once the last one that is asked could have answered. */
  readonly enough?: Promise<void> | undefined;
  /** The machines to ask from one of our addresses. */
  ask(address: string): Asked;
  /** @returns what to send to `to` */
  wire(to: string, local: Ear): string;
  hear(wire: string, address: string): void;
}

/** Addresses: what may speak SIP there is asked at port 5060. */
export interface Asked {
  /** The kernel has heard of these: all at once, and once more. */
  readonly known: readonly string[];
  /** Perhaps nobody is there: one after the other. */
  readonly strangers: readonly string[];
}

/** How long it takes to ask so many strangers, and to hear the last of them; ms. */
export function roundSpan_ms(strangers: number): number {
  return strangers === 0 ? 0 : strangers * PACE_ms + ANSWER_ms;
}

/** Those that can be had: an address that the router lacks has none. */
export async function openEars(ears: readonly Ear[]): Promise<OpenEar[]> {
  const opened: OpenEar[] = [];
  for (const { address, port } of ears) {
    const first = await open(address, port);
    const socket = typeof first === "string" ? await open(address, 0) : first;
    if (typeof socket !== "string") opened.push({ address, port, socket, isTaken: first === "EADDRINUSE" });
  }
  return opened;
}

/** Over when the time is, or where another program has all ports, when all have been asked; then all of them are closed. */
export async function listen(
  ears: readonly OpenEar[],
  { duration_ms, enough, ask, wire, hear }: Listening,
): Promise<void> {
  const isDeaf = ears.every(({ isTaken }) => isTaken);
  const ends_ms = performance.now() + (isDeaf ? 0 : duration_ms);
  let isAsking = false;
  const rounds = ears.map(({ address, socket }) => {
    socket.on("message", (bytes, from) => hear(bytes.toString("latin1"), from.address));
    const { known, strangers } = ask(address);
    isAsking = isAsking || known.length + strangers.length > 0;
    const send = (to: string) => socket.send(wire(to, socket.address()), SIP_PORT, to, () => {});
    const askKnown = () => known.forEach(send);
    askKnown();
    // The first ones may have been lost to ARP.
    if (known.length > 0) setTimeout(askKnown, Math.min(ASK_AGAIN_ms, duration_ms / 2));
    return { send, strangers };
  });
  const longest = Math.max(0, ...rounds.map(({ strangers }) => strangers.length));
  for (let at = 0; at < longest; at += 1) {
    for (const { send, strangers } of rounds) {
      const to = strangers[at];
      if (to === undefined) continue;
      send(to);
      await pause(PACE_ms);
    }
  }
  await pause(isAsking ? ANSWER_ms : 0);
  await pauseOr(enough, Math.max(0, ends_ms - performance.now()));
  for (const { socket } of ears) socket.close();
}

function pause(duration_ms: number): Promise<void> {
  return pauseOr(undefined, duration_ms);
}

/** Until the time is over, or `enough` has come. */
function pauseOr(enough: Promise<void> | undefined, duration_ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, duration_ms);
    enough?.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** A socket there, or the code of the error. */
function open(address: string, port: number): Promise<dgram.Socket | string> {
  return new Promise((resolve) => {
    const socket = dgram.createSocket("udp4");
    socket.once("error", ({ code = "" }: NodeJS.ErrnoException) => resolve(code));
    socket.bind(port, address, () => {
      socket.removeAllListeners("error");
      socket.on("error", () => {}); // somebody who couldn't be asked
      resolve(socket);
    });
  });
}
