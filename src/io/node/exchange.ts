/** One request and its answer, beside the proxy's own sockets. */

import * as dgram from "dgram";
import * as net from "net";
import { performance } from "perf_hooks";
import { TRANSPORTS } from "../../transport/flow.ts";
import type { ResolvedAddress } from "../../transport/next-hops.ts";
import type { TlsFiles } from "../../transport/tls-files.ts";
import { NodeTls } from "./tls.ts";
import { handshakeFault } from "./tls-faults.ts";

export interface Exchanged {
  /** From which local address and port it was sent; undefined when there was no way. */
  readonly local: string | undefined;
  readonly local_port: number | undefined;
  /** The answer as wire text, or why there is none. */
  readonly answer: string | undefined;
  readonly error: string;
  readonly took_ms: number;
}

/** Whence a request leaves. */
export interface Origin {
  readonly address: string;
  /** Of UDP; one that another program has is replaced by any free one. 0: any. */
  readonly port: number;
}

/** UDP loses some: it is sent again after this time. */
const AGAIN_ms = [500, 1_500];

/** "100 Trying" and its like: the answer is still to come. */
const PROVISIONAL = /^SIP\/2\.0 1\d\d /;
const HEAD_END = "\r\n\r\n";
/** Upstream may ask at our port meanwhile. */
const REQUEST = /^\S+ \S+ SIP\/2\.0\r?\n/;

/**
 * Sends what `compose` makes of the local address and port; never rejects. A provisional response is the answer only when
 * no final one follows.
 * @param name what a certificate must name
 * @param from undefined: from where the kernel likes
 */
export function exchange(
  to: ResolvedAddress,
  name: string,
  tls: TlsFiles | undefined,
  compose: (local: string, port: number) => string,
  limit_ms: number,
  from?: Origin,
): Promise<Exchanged> {
  const started_ms = performance.now();
  return new Promise((resolve) => {
    let local: string | undefined;
    let local_port: number | undefined;
    let provisional: string | undefined;
    let close = () => {};
    const end = (answer: string | undefined, error: string) => {
      for (const timer of timers) clearTimeout(timer);
      close();
      resolve({ local, local_port, answer, error, took_ms: Math.round(performance.now() - started_ms) });
    };
    const fail = (error: Error) => end(undefined, handshakeFault(error) ?? error.message);
    const timers = [setTimeout(() => end(provisional, `no answer in ${limit_ms / 1_000} s`), limit_ms)];
    try {
      if (TRANSPORTS[to.protocol].layer === "udp") overUdp(from?.port ?? 0);
      else overStream();
    } catch (error) {
      fail(error as Error);
    }

    function overUdp(port: number) {
      // Several may leave from one port: the kernel gives each what comes from the address to which it is connected.
      const socket = dgram.createSocket({ type: to.address.includes(":") ? "udp6" : "udp4", reuseAddr: port !== 0 });
      close = () => {
        close = () => {};
        socket.close();
      };
      socket.on("error", (error: NodeJS.ErrnoException) => {
        if (port === 0 || error.code !== "EADDRINUSE") return fail(error);
        close();
        overUdp(0);
      });
      socket.on("message", (bytes) => {
        const text = bytes.toString("latin1");
        if (PROVISIONAL.test(text)) provisional = text;
        else if (!REQUEST.test(text)) end(text, "");
      });
      const connected = (error?: Error | null) => {
        if (error) {
          fail(error);
          return;
        }
        const own = socket.address();
        local = own.address;
        local_port = own.port;
        const bytes = Buffer.from(compose(own.address, own.port), "latin1");
        const send = () => socket.send(bytes, 0, bytes.length);
        send();
        timers.push(...AGAIN_ms.map((wait_ms) => setTimeout(send, wait_ms)));
      };
      const connect = () => socket.connect(to.port, to.address, connected as () => void);
      if (from === undefined) connect();
      else socket.bind({ address: from.address, port, exclusive: true }, connect);
    }

    function overStream() {
      const where = {
        host: to.address,
        port: to.port,
        ...(from === undefined ? {} : { localAddress: from.address }),
      };
      const user = { onSecure: () => {}, onRefused: () => {} };
      const isTls = TRANSPORTS[to.protocol].isSecure && tls !== undefined;
      const socket = isTls ? new NodeTls(tls, user).connect(where, name) : net.connect(where);
      let text = "";
      close = () => socket.destroy();
      socket.on("error", fail);
      socket.on("close", () => end(provisional, "the connection was closed"));
      socket.on("data", (bytes: Buffer) => {
        text += bytes.toString("latin1");
        for (let after = headEnd(text); after > 0; after = headEnd(text)) {
          const isProvisional = PROVISIONAL.test(text);
          if (!isProvisional && !REQUEST.test(text)) return end(text, "");
          if (isProvisional) provisional = text.slice(0, after);
          text = text.slice(after);
        }
      });
      socket.on(isTls ? "secureConnect" : "connect", () => {
        local = socket.localAddress;
        local_port = socket.localPort;
        socket.write(compose(local ?? "", socket.localPort ?? 0), "latin1");
      });
    }
  });
}

/** Where the head of the first message ends; 0: it hasn't come whole. */
function headEnd(text: string): number {
  return text.indexOf(HEAD_END) < 0 ? 0 : text.indexOf(HEAD_END) + HEAD_END.length;
}
