/** Streams over loopback and Unix sockets. */
import * as native from "native";
import { bound, good, handle, say } from "./say.ts";

const WRITABLE = 2;
const READABLE = 1;

/** Waits in one event: what follows is about the calls, and not about the loop. */
function accepted(listener: number): number {
  if (native.wait([listener], 2_000) !== listener) throw new Error("nothing to accept");
  return good(native.accept(listener));
}

function tcpPair(): { client: number; server: number; port: number } {
  const listener = bound(4, true);
  good(native.listen(listener.fd, 8));
  const client = good(native.socket(4, true));
  const result = native.connect(client, "127.0.0.1", listener.port);
  if (result < 0 && result !== -115) throw new Error(`connect: ${result}`);
  return { client, server: accepted(listener.fd), port: listener.port };
}

function readSoon(fd: number): string | number {
  native.wait([fd], 2_000);
  return native.readText(fd, 100);
}

export const streams = {
  /** One side has said all, the other goes on. */
  halfClose: () => {
    const { client, server } = tcpPair();
    good(native.send(client, "question"));
    good(native.shutdown(client));
    const asked = [readSoon(server), readSoon(server)];
    good(native.send(server, "answer"));
    native.close(server);
    say({ asked, answered: [readSoon(client), readSoon(client)], closed: native.send(client, "more") });
  },
  /** Through the loop: a connection that is refused, and one that isn't. */
  connecting: () => {
    const free = bound(4, true);
    native.close(free.fd);
    const listener = bound(4, true);
    good(native.listen(listener.fd, 8));
    const results: Record<string, unknown> = {};
    const names = new Map<number, string>();
    for (const [name, port] of [
      ["refused", free.port],
      ["accepted", listener.port],
    ] as const) {
      const fd = good(native.socket(4, true));
      names.set(fd, name);
      native.connect(fd, "127.0.0.1", port);
      good(native.watch(fd, WRITABLE));
    }
    handle({
      onReady: (fd, _isReadable, isWritable) => {
        if (isWritable) results[names.get(fd) ?? ""] = native.getOption(fd, "error");
        native.watch(fd, 0);
        native.setAlive(Object.keys(results).length < 2);
      },
      onIdle: () => say(results),
    });
    native.setAlive(true);
  },
  /** A full buffer, and what has not been acknowledged; nothing blocks. */
  full: () => {
    const { client, server } = tcpPair();
    const most = 1_000_000;
    let sent = 0;
    let last = 0;
    for (let i = 0; i < 100 && last >= 0; i++) {
      last = native.send(client, "x".repeat(most));
      if (last > 0) sent += last;
    }
    const unsent = good(native.unsent_bytes(client));
    let read = 0;
    for (;;) {
      const text = readSoon(server);
      if (typeof text === "number" || text === "" || read > sent) break;
      read += text.length;
      if (read === sent) break;
    }
    say({ last, isUnsent: unsent > 0 && unsent <= sent, isAll: read === sent, empty: native.readText(server, 10) });
  },
  /** The peer is gone: an error, and never the signal. */
  brokenPipe: () => {
    const { client, server } = tcpPair();
    good(native.setOption(client, "nodelay", 1));
    good(native.setOption(client, "keepalive", 1));
    good(native.setOption(client, "keepidle", 30));
    native.close(server);
    readSoon(client);
    const results = [native.send(client, "first")];
    native.wait([client], 500);
    results.push(native.getOption(client, "error"), native.send(client, "second"), native.send(client, "third"));
    say(results);
  },
  unixStream: ([path = ""]: readonly string[]) => {
    const listener = good(native.socket(1, true));
    good(native.bind(listener, path, 0));
    good(native.listen(listener, 1));
    const client = good(native.socket(1, true));
    good(native.connect(client, path, 0));
    const server = accepted(listener);
    good(native.send(client, "\u00e4"));
    const text = readSoon(server);
    say({
      text,
      local: native.localAddress(listener),
      peer: native.peerAddress(client),
      nameless: native.peerAddress(server),
    });
  },
  /** What the loop tells of a stream that is only written to, when its peer closes it. */
  closing: () => {
    const { client, server } = tcpPair();
    const seen: unknown[] = [];
    handle({
      onReady: (fd, isReadable, isWritable) => {
        seen.push([fd === client, isReadable, isWritable, isReadable ? native.readText(fd, 100) : null]);
        if (seen.length === 2) native.watch(fd, 0);
        native.setAlive(seen.length < 2);
      },
      onIdle: () => say(seen),
    });
    good(native.watch(client, READABLE));
    good(native.send(server, "last"));
    native.setAlive(true);
    native.close(server);
  },
  options: () => {
    const { fd } = bound(4, false);
    const before = good(native.getOption(fd, "rcvbuf"));
    good(native.setOption(fd, "rcvbuf", 8_192));
    const refused: string[] = [];
    for (const call of [
      () => native.setOption(fd, "nothing", 1),
      () => native.setOption(fd, "rcvbuf", 1.5),
      () => native.socket(5 as never, true),
      () => native.listen("3" as unknown as number, 1),
      () => (native.listen as (fd: number) => number)(3),
    ]) {
      try {
        call();
      } catch (error) {
        refused.push((error as Error).name);
      }
    }
    const ipv6 = good(native.socket(6, false));
    good(native.setOption(ipv6, "v6only", 1));
    good(native.setOption(fd, "broadcast", 1));
    good(native.setOption(fd, "reuseaddr", 1));
    say({
      isSmaller: good(native.getOption(fd, "rcvbuf")) < before,
      refused,
      streams: native.setOption(fd, "nodelay", 1),
    });
  },
};
