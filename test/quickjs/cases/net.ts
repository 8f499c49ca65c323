/** Node's net: what streams tell, and in which order. */
import * as fs from "node:fs";
import * as net from "node:net";
import { Journal, once, pause, thrownBy } from "./journal.ts";
import type { Cases } from "./outcome.ts";

const EVENTS = ["connect", "data", "end", "drain", "timeout", "error", "close"] as const;
const SOON_ms = 30;

interface Ends {
  readonly server: net.Server;
  readonly client: net.Socket;
  readonly accepted: net.Socket;
  /** The client's, which has all but what the server's end tells. */
  readonly journal: Journal;
  readonly port: number;
}

async function listening(server: net.Server, host = "127.0.0.1"): Promise<number> {
  server.listen({ host, port: 0 });
  await once(server, "listening");
  return (server.address() as net.AddressInfo).port;
}

/** Two ends of one connection; what each tells is noted for itself, until `run` is over. */
async function between(run: (ends: Ends) => unknown, allowHalfOpen = false): Promise<readonly (readonly string[])[]> {
  const journal = new Journal();
  const servers = new Journal();
  const server = net.createServer({ allowHalfOpen });
  const port = await listening(server);
  const client = net.connect({ host: "127.0.0.1", port });
  const accepted = (await once(server, "connection")) as net.Socket;
  journal.hear("client", client, EVENTS.slice(1));
  servers.hear("server", accepted, EVENTS.slice(1));
  await pause(SOON_ms);
  await run({ server, client, accepted, journal, port });
  await pause(SOON_ms);
  for (const one of [journal, servers]) {
    one.note("over");
    one.isOver = true;
  }
  client.destroy();
  accepted.destroy();
  server.close();
  await once(server, "close");
  return [journal, servers].map(({ lines }) => lines.map((line) => line.split(`:${port}`).join(":PORT")));
}

/** Nothing listens there. */
async function freePort(): Promise<number> {
  const server = net.createServer();
  const port = await listening(server);
  server.close();
  await once(server, "close");
  return port;
}

async function connectedBy(where: net.NetConnectOpts, run = (_: net.Socket) => {}): Promise<readonly string[]> {
  const journal = new Journal();
  const socket = net.connect(where);
  journal.hear("client", socket, EVENTS);
  run(socket);
  await once(socket, "close");
  await pause(SOON_ms);
  const port = "port" in where ? where.port : 0;
  return journal.lines.map((line) => line.split(`:${port}`).join(":PORT"));
}

export const NET: Cases = {
  "a question, an answer, an end": () =>
    between(async ({ client, accepted }) => {
      accepted.once("data", () => accepted.end("answer"));
      client.write("question");
      await once(client, "close");
    }),
  "a server that may be half open answers after the peer's end": () =>
    between(async ({ client, accepted }) => {
      accepted.on("end", () => setTimeout(() => accepted.end("answer"), SOON_ms));
      client.end("question");
      await once(client, "close");
    }, true),
  "half open until it ends itself": () =>
    between(async ({ client, accepted }) => {
      client.end();
      await once(accepted, "end");
    }, true),
  "destroyed where data is heard": () =>
    between(({ client, accepted }) => {
      accepted.once("data", () => accepted.destroy());
      client.write("first");
      setTimeout(() => client.write("second"), 5);
    }),
  "destroyed where the end is heard": () =>
    between(({ client, accepted }) => {
      accepted.once("end", () => accepted.destroy());
      client.end("text");
    }, true),
  "destroyed for a reason, twice": () =>
    between(({ client }) => {
      client.destroy(new Error("reason"));
      client.destroy(new Error("another"));
    }),
  "reset: the other side hears of it, and it is over": () =>
    between(async ({ client, journal }) => {
      journal.note(String(client.resetAndDestroy() === client));
      await pause(SOON_ms);
      journal.note(String(client.destroyed));
    }),
  "written after its end": () =>
    between(({ client }) => {
      client.end("text");
      client.write("more");
    }),
  "ended twice, with text the second time": () =>
    between(({ client }) => {
      client.end();
      client.end();
      client.end("text");
    }),
  "written after it was destroyed": () =>
    between(({ client, journal }) => {
      client.destroy();
      journal.note(`${client.write("more")} ${client.destroyed}`);
    }),
  "little is written at once, and nothing has to drain": () =>
    between(async ({ client, journal }) => {
      for (const text of ["a", "b", ""]) journal.note(`${client.write(text)} ${client.writableLength}`);
      await pause(SOON_ms);
    }),
  "much is written at once, and has to drain once": () =>
    between(async ({ client, journal, accepted }) => {
      let length = 0;
      accepted.on("data", (piece) => {
        length += piece.length;
      });
      const drained = once(client, "drain");
      const isTaken = client.write("x".repeat(8_000_000));
      journal.note(`${isTaken} ${client.writableLength > 0}`);
      await drained;
      journal.note(String(client.writableLength));
      client.end();
      await once(accepted, "end");
      await pause(SOON_ms);
      journal.note(String(length));
    }),
  "what waits when it is destroyed drains never": () =>
    between(({ client }) => {
      client.write("x".repeat(8_000_000));
      client.destroy();
    }).then(([lines]) => lines),
  "destroyed after all is written": () =>
    between(({ client }) => {
      client.write("x".repeat(20_000));
      client.destroy();
    }).then(([lines]) => lines),
  "idle: told once, and again after something has come": () =>
    between(async ({ client, accepted }) => {
      client.setTimeout(SOON_ms);
      await pause(5 * SOON_ms);
      accepted.write("text");
      await pause(5 * SOON_ms);
    }),
  "idle: never, once that is taken back": () =>
    between(async ({ client, journal }) => {
      const heard = () => journal.note("heard");
      client.setTimeout(SOON_ms, heard);
      client.setTimeout(0, heard);
      client.setTimeout(SOON_ms);
      await pause(3 * SOON_ms);
    }),
  "a character in two pieces": () =>
    between(async ({ client, accepted }) => {
      accepted.setEncoding("utf8");
      client.write(Buffer.from([0x61, 0xe2, 0x82]));
      await pause(SOON_ms);
      client.end(Buffer.from([0xac, 0xc3]));
      await once(accepted, "end");
    }),
  "its addresses": () =>
    between(({ client, accepted, journal, port }) => {
      journal.note(`${client.localAddress} ${client.remoteAddress} ${client.remotePort === port}`);
      journal.note(`${accepted.remoteAddress} ${accepted.remotePort === client.localPort} ${accepted.localAddress}`);
    }),
  "its options": () =>
    between(({ client, accepted, journal }) => {
      const same = [client.setNoDelay(true) === client, client.setKeepAlive(true, 60_000) === client];
      journal.note(`${same} ${accepted.setKeepAlive(false) === accepted} ${client.unref() === client}`);
    }),
  "a server that closes waits for its connections": () =>
    between(async ({ server, client, journal, port }) => {
      server.close();
      journal.note((await connectedBy({ host: "127.0.0.1", port })).join());
      await pause(SOON_ms);
      client.end("text");
      await once(server, "close");
      // It is closed again when all is over.
      server.listen({ host: "127.0.0.1", port: 0 });
      await once(server, "listening");
    }),
  refused: async () => connectedBy({ host: "127.0.0.1", port: await freePort() }),
  "refused by IPv6": async () => connectedBy({ host: "::1", port: await freePort() }),
  "destroyed before it stands": async () =>
    connectedBy({ host: "127.0.0.1", port: await freePort() }, (socket) => socket.destroy()),
  "written and ended before it stands": async () => {
    const server = net.createServer((socket) => socket.on("data", (piece) => socket.write(`heard ${piece}`)));
    const port = await listening(server);
    const lines = await connectedBy({ host: "127.0.0.1", port }, (socket) => {
      socket.write("one ");
      socket.end("two");
    });
    server.close();
    await once(server, "close");
    return lines;
  },
  "from an address of ours, and one that isn't": async () => {
    const server = net.createServer((socket) => socket.end(String(socket.remoteAddress)));
    const port = await listening(server);
    const from = (localAddress: string) => connectedBy({ host: "127.0.0.1", port, localAddress });
    const lines = [await from("127.0.0.9"), await from("203.0.113.9")];
    server.close();
    await once(server, "close");
    return lines;
  },
  "one connection at a time": async () => {
    const server = net.createServer((socket) => socket.on("data", () => socket.end("served")));
    server.maxConnections = 1;
    const port = await listening(server);
    const first = net.connect({ host: "127.0.0.1", port });
    await once(first, "connect");
    const second = await connectedBy({ host: "127.0.0.1", port });
    first.write("x");
    first.on("data", () => {});
    await once(first, "close");
    await pause(SOON_ms);
    const third = await connectedBy({ host: "127.0.0.1", port }, (socket) => socket.write("x"));
    server.close();
    await once(server, "close");
    return [second, third];
  },
  "IPv4 comes to all addresses of IPv6": async () => {
    const found: unknown[] = [];
    for (const host of ["::", "", "::1"]) {
      const server = net.createServer((socket) => socket.end(`${socket.remoteAddress} ${socket.localAddress}`));
      const port = await listening(server, host);
      found.push(await connectedBy({ host: "127.0.0.1", port }), await connectedBy({ host: "::1", port }));
      server.close();
      await once(server, "close");
    }
    return found;
  },
  "a port that is taken": async () => {
    const first = net.createServer();
    const port = await listening(first);
    const second = net.createServer();
    second.listen({ host: "127.0.0.1", port });
    const error = (await once(second, "error")) as NodeJS.ErrnoException;
    first.close();
    await once(first, "close");
    return [error.code, error.syscall, error.message.replace(`:${port}`, ":PORT")];
  },
  "closed before it listens": async () => {
    const journal = new Journal();
    const server = net.createServer();
    journal.hear("server", server, ["listening", "close", "error"]);
    journal.note(String(thrownBy(() => server.close((error) => journal.note(String(error?.message))) === server)));
    await pause(SOON_ms);
    server.listen({ host: "127.0.0.1", port: 0 });
    server.close();
    await pause(SOON_ms);
    return journal.lines;
  },
  "at a path": async () => {
    const path = "socket";
    const server = net.createServer((socket) => socket.end("answer"));
    server.listen(path);
    await once(server, "listening");
    const other = net.createServer().listen({ path });
    const taken = (await once(other, "error")) as Error;
    const answer = await connectedBy({ path });
    server.close();
    await once(server, "close");
    const isThere = fs.existsSync(path);
    fs.writeFileSync("plain", "");
    return [taken.message, answer, isThere, await connectedBy({ path }), await connectedBy({ path: "plain" })];
  },
};
