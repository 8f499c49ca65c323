/** What `start_failed` says: what is in the way, in words of an administrator, and what helps. */
import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { startFault } from "../../src/cli/start-fault.ts";

const of = (code: string, port: number, address = "10.222.237.1") =>
  startFault(Object.assign(new Error(`bind ${code} ${address}:${port}`), { code, address, port }));

test("a port that another program has is named, and who tells which program that is", () => {
  expect(of("EADDRINUSE", 5060)).toEqual({
    error: "port 5060 on 10.222.237.1 is already in use",
    cure: "branchline doctor names the program that has it",
  });
});

test("a port of root's has a cure; another that the system refuses has none that is known", () => {
  const denied = of("EACCES", 506);
  expect(denied.error).toBe("port 506 on 10.222.237.1 can't be opened: permission denied");
  expect(denied.cure).toMatch(/^ports below 1024 are for root: .*sysctl -w net\.ipv4\.ip_unprivileged_port_start=506$/);
  expect(of("EACCES", 1_024)).toEqual({
    error: "port 1024 on 10.222.237.1 can't be opened: permission denied",
    cure: undefined,
  });
});

test("anything else keeps its own words, without the name of an error in front", () => {
  expect(of("ENOBUFS", 5060).error).toBe("port 5060 on 10.222.237.1 can't be opened: bind ENOBUFS 10.222.237.1:5060");
  expect(startFault(new TypeError("no certificate"))).toEqual({ error: "no certificate", cure: undefined });
  expect(startFault("words")).toEqual({ error: "words", cure: undefined });
  expect(startFault(undefined).error).toBe("undefined");
});

test("Node says address and port of both kinds of sockets", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const second = createServer();
  const taken = await new Promise((resolve) => second.once("error", resolve).listen(port, "127.0.0.1"));
  expect(startFault(taken).error).toBe(`port ${port} on 127.0.0.1 is already in use`);
  server.close();

  const [socket, other] = [createSocket("udp4"), createSocket("udp4")];
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const both = socket.address().port;
  const refused = await new Promise((resolve) => other.once("error", resolve).bind(both, "127.0.0.1"));
  expect(startFault(refused).error).toBe(`port ${both} on 127.0.0.1 is already in use`);
  socket.close();
  other.close();
});
