/** TLS for programs that have none (Debian builds SIPp without it): passes connections on, with TLS on one side. */
import { readFileSync } from "node:fs";
import { connect as connectTcp, createServer, type Server, type Socket } from "node:net";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import type { Endpoint } from "./addresses.ts";
import type { Certificate } from "./certificates.ts";
import { defer } from "./cleanup.ts";

/** TCP in, TLS out: for a caller. */
export async function tlsFor(caller: Endpoint, remote: Endpoint, ca: string): Promise<void> {
  const options = { host: remote.host, port: remote.port, ca: readFileSync(ca), localAddress: caller.host };
  const server = createServer((socket) => join(socket, connectTls({ ...options, servername: "" })));
  await listen(server, caller);
}

/** TLS in, TCP out: for whoever is called. */
export async function tlsBefore(callee: Endpoint, at: Endpoint, identity: Certificate): Promise<void> {
  const options = { cert: readFileSync(identity.certificate), key: readFileSync(identity.key) };
  const server = createTlsServer(options, (socket) => join(socket, connectTcp(callee.port, callee.host)));
  await listen(server, at);
}

function join(a: Socket, b: Socket): void {
  a.pipe(b).pipe(a);
  const end = () => {
    a.destroy();
    b.destroy();
  };
  for (const socket of [a, b]) socket.on("error", end).on("close", end);
}

function listen(server: Server, { host, port }: Endpoint): Promise<void> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => sockets.add(socket));
  defer(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
}
