/** The sockets that carry SIP over UDP, of both hosts. */
import { UdpSocket } from "../../../src/io/node/udp-socket.ts";
import { Journal, pause } from "./journal.ts";
import type { Cases } from "./outcome.ts";

const HOME = "127.0.0.1";
const PORT = 25_061;
const SOON_ms = 30;
/** One octet more than a datagram can have: the kernel refuses it at once. */
const TOO_LONG = "x".repeat(65_508);

export const SIP_SOCKETS: Cases = {
  "a datagram that can't leave is told of before the next one that has come, and so is what follows from it":
    async () => {
      const journal = new Journal();
      const failing = (rest: number) => (error: Error | null) => {
        journal.note(`not sent: ${(error as NodeJS.ErrnoException | null)?.code}`);
        if (rest > 0) socket.sendTo(TOO_LONG, PORT, HOME, failing(rest - 1));
      };
      const socket = new UdpSocket(HOME, {
        onText: (wire) => {
          journal.note(`got ${wire}`);
          if (wire === "first") socket.sendTo(TOO_LONG, PORT, HOME, failing(2));
          journal.note(`${wire} is done with`);
        },
        onError: (error) => journal.note(error.message),
      });
      await socket.bind(HOME, PORT);
      for (const wire of ["first", "second", "third"]) socket.sendTo(wire, PORT, HOME);
      await pause(SOON_ms);
      await socket.close();
      return journal.lines;
    },
};
