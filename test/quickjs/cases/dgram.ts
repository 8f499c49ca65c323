/** Node's dgram. */
import * as dgram from "node:dgram";
import { Journal, once, pause, thrownBy } from "./journal.ts";
import type { Cases } from "./outcome.ts";

const EVENTS = ["listening", "connect", "error", "close"] as const;
const HOME = "127.0.0.1";
const SOON_ms = 30;

interface Pair {
  readonly one: dgram.Socket;
  readonly other: dgram.Socket;
  /** Where the other is. */
  readonly port: number;
  readonly journal: Journal;
}

/** Two sockets, of which the second is bound. */
async function between(run: (pair: Pair) => unknown): Promise<readonly (readonly string[])[]> {
  const journal = new Journal();
  const others = new Journal();
  const one = dgram.createSocket("udp4");
  const other = dgram.createSocket("udp4");
  journal.hear("one", one, EVENTS);
  other.bind({ port: 0, address: HOME });
  await once(other, "listening");
  const { port } = other.address();
  for (const [name, socket] of Object.entries({ one, other })) {
    socket.on("message", (bytes, { address, family, size }) => {
      (name === "one" ? journal : others).note(`${name} message ${bytes} ${address} ${family} ${size}`);
    });
  }
  await run({ one, other, port, journal });
  await pause(SOON_ms);
  for (const socket of [one, other]) thrownBy(() => socket.close());
  await pause(SOON_ms);
  return [journal, others].map(({ lines }) => lines.map((line) => line.split(`:${port}`).join(":PORT")));
}

const sent = (journal: Journal) => (error: NodeJS.ErrnoException | null) =>
  journal.note(`sent ${error === null ? "" : `${error.code} ${error.message}`}`);

export const DGRAM: Cases = {
  "a question and its answer": () =>
    between(async ({ one, other, port }) => {
      other.on("message", (_, from) => other.send("Grüße", from.port, from.address));
      one.bind({ port: 0, address: HOME }, () => one.send("question", port, HOME));
      await once(one, "message");
    }),
  "sent before it is bound": () =>
    between(({ one, port, journal }) => one.send(Buffer.from("text"), port, HOME, sent(journal))),
  "a part of it": () =>
    between(({ one, port, journal }) => one.send(Buffer.from("abcdef"), 2, 3, port, HOME, sent(journal))),
  "no octet": () => between(({ one, port, journal }) => one.send("", port, HOME, sent(journal))),
  "too long": () => between(({ one, port, journal }) => one.send("x".repeat(65_508), port, HOME, sent(journal))),
  connected: () =>
    between(async ({ one, other, port, journal }) => {
      one.connect(port, HOME);
      await once(one, "connect");
      one.send("question", sent(journal));
      await once(other, "message");
      other.send("answer", one.address().port, HOME);
      await once(one, "message");
      one.disconnect();
    }),
  "connected to nobody": () =>
    between(async ({ one, other, port }) => {
      other.close();
      one.connect(port, HOME);
      await once(one, "connect");
      one.send("question");
      await once(one, "error");
    }),
  "no way leads there": () =>
    between(async ({ one, journal }) => {
      one.connect(5060, "255.255.255.255", ((error?: Error) => journal.note(`${error?.message}`)) as () => void);
      await pause(SOON_ms);
    }),
  "a port that is taken": () =>
    between(async ({ one, port }) => {
      one.bind({ port, address: HOME, exclusive: true });
      await once(one, "error");
    }),
  "an address that isn't ours": () =>
    between(async ({ one }) => {
      one.bind({ port: 5060, address: "203.0.113.9" });
      await once(one, "error");
    }),
  "closed, it does nothing any more": () =>
    between(async ({ one, port, journal }) => {
      one.bind({ port: 0, address: HOME });
      await once(one, "listening");
      one.close();
      const calls = [
        () => one.send("text", port, HOME),
        () => one.address(),
        () => one.close(),
        () => one.bind({ port: 0, address: HOME }),
      ];
      for (const call of calls) journal.note(String(thrownBy(call)));
    }),
  "closed where the first of several is heard": () =>
    between(async ({ one, other, port }) => {
      other.on("message", () => other.close());
      for (const text of ["a", "b", "c"]) one.send(text, port, HOME);
      await pause(SOON_ms);
    }),
};
