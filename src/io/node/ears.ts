/** Sockets that only ask and listen for a while: nothing that comes is answered. */
import * as dgram from "dgram";

const SIP_PORT = 5060;
const ASK_AGAIN_ms = 700;

export interface Listening {
  /** Our own addresses, and what phones take for a proxy's port. */
  readonly ears: readonly { readonly address: string; readonly port: number }[];
  readonly duration_ms: number;
  /** What to ask from each of our addresses, and where. */
  ask(local: { address: string; port: number }): { readonly to: string; readonly wire: string }[];
  hear(wire: string, address: string): void;
}

/** Over when the time is; where the port is taken, answers to questions come to another one. */
export async function listen({ ears, duration_ms, ask, hear }: Listening): Promise<void> {
  const sockets: dgram.Socket[] = [];
  for (const { address, port } of ears) {
    const socket = (await open(address, port)) ?? (await open(address, 0));
    if (socket === undefined) continue;
    sockets.push(socket);
    socket.on("message", (bytes, from) => hear(bytes.toString("latin1"), from.address));
    const questions = ask(socket.address());
    const askAll = () => {
      for (const { to, wire } of questions) socket.send(wire, SIP_PORT, to, () => {});
    };
    askAll();
    // The first ones may have been lost to ARP.
    setTimeout(askAll, Math.min(ASK_AGAIN_ms, duration_ms / 2));
  }
  await new Promise((resolve) => setTimeout(resolve, duration_ms));
  for (const socket of sockets) socket.close();
}

/** Undefined when it can't be had. */
function open(address: string, port: number): Promise<dgram.Socket | undefined> {
  return new Promise((resolve) => {
    const socket = dgram.createSocket("udp4");
    socket.once("error", () => resolve(undefined));
    socket.bind(port, address, () => {
      socket.removeAllListeners("error");
      socket.on("error", () => {}); // somebody who couldn't be asked
      resolve(socket);
    });
  });
}
