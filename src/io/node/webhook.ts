/** An https POST of JSON to a webhook. Node's `https` isn't loaded for it: that costs the memory of a router. */
import * as fs from "fs";
import * as net from "net";
import * as tls from "tls";
import { handshakeFault } from "./tls-faults.ts";

export interface Webhook {
  /** A name, or an address without brackets: the certificate must have it. */
  readonly host: string;
  readonly port: number;
  /** With its query, from "/" on. */
  readonly path: string;
  /** PEM, of the authorities that are believed; undefined: Node's own. */
  readonly ca: string | undefined;
  /** A file with the value of the header Authorization; undefined: there is none. */
  readonly authorization: string | undefined;
}

/** A status line has come, or there is none, for this reason. */
export type Posted = { readonly status: number } | { readonly error: string };

const HEAD_MAX_octets = 16_384;

/** Never rejects. Files are read each time: they may have been renewed. */
export function post(hook: Webhook, json: string, limit_ms: number): Promise<Posted> {
  const { host, port } = hook;
  return new Promise((resolve) => {
    let socket: tls.TLSSocket | undefined;
    let text = "";
    const end = (posted: Posted) => {
      clearTimeout(timer);
      socket?.destroy();
      resolve(posted);
    };
    const timer = setTimeout(() => end({ error: `no answer in ${limit_ms / 1_000} s` }), limit_ms);
    try {
      const request = requestOf(hook, json);
      const ca = hook.ca === undefined ? {} : { ca: fs.readFileSync(hook.ca) };
      const name = net.isIP(host) === 0 ? { servername: host } : {};
      // A certificate that isn't believed ends it, whatever the environment says.
      socket = tls.connect({ host, port, ...name, ...ca, rejectUnauthorized: true });
      socket.on("secureConnect", () => socket?.write(request, "latin1"));
    } catch (error) {
      end({ error: (error as Error).message });
      return;
    }
    socket.on("error", (error) => end({ error: handshakeFault(error, "hooks.ca") ?? error.message }));
    socket.on("close", () => end({ error: "the connection was closed" }));
    socket.on("data", (bytes: Buffer) => {
      text += bytes.toString("latin1");
      const status = /^HTTP\/1\.[01] ([1-5]\d\d)[ \r]/.exec(text)?.[1];
      // "100 Continue" and its like: the answer is still to come.
      const isInterim = status?.startsWith("1") === true;
      const rest = isInterim ? text.indexOf("\r\n\r\n") : -1;
      if (rest >= 0) text = text.slice(rest + 4);
      if (status !== undefined && !isInterim) end({ status: Number(status) });
      else if (text.length > HEAD_MAX_octets || !"HTTP/1.".startsWith(text.slice(0, 7))) end({ error: "no HTTP" });
    });
  });
}

/** @throws when the file of its Authorization can't be read */
function requestOf({ host, port, path, authorization }: Webhook, json: string): string {
  const at = host.includes(":") ? `[${host}]` : host;
  // A line end, whoever has written it, would begin another header.
  const value =
    authorization === undefined
      ? ""
      : fs
          .readFileSync(authorization, "latin1")
          .trim()
          .split(/[\r\n]/)[0];
  const body = Buffer.from(json).toString("latin1");
  const head = [
    `POST ${path} HTTP/1.1`,
    `Host: ${port === 443 ? at : `${at}:${port}`}`,
    "User-Agent: branchline",
    "Content-Type: application/json",
    `Content-Length: ${body.length}`,
    "Connection: close",
    ...(value === "" ? [] : [`Authorization: ${value}`]),
  ];
  return `${head.join("\r\n")}\r\n\r\n${body}`;
}
