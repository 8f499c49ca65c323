/** What leaves for collectors: by TCP it counts as taken once it is read to its end; a real rsyslog takes syslog by both. */
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { syslogFrame, syslogMessage } from "../../src/app/observe/syslog.ts";
import { carryByTcp, Datagrams } from "../../src/io/node/outward.ts";
import { cleanUpAfterEach, defer } from "../peers/support/cleanup.ts";
import { describeWith, pathOf } from "../peers/support/peers.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";

cleanUpAfterEach();

async function collector(serve: (socket: Socket) => void): Promise<{ address: string; port: number; server: Server }> {
  const server = createServer(serve);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  defer(() => void server.close());
  const at = server.address();
  return { address: "127.0.0.1", port: at !== null && typeof at === "object" ? at.port : 0, server };
}

test("a collector that reads to the end has taken the text; all others have not", async () => {
  let read = "";
  const reads = await collector((socket) => void socket.on("data", (piece) => (read += piece.toString())));
  expect(await carryByTcp(reads, "5 hello", 5_000)).toMatchObject({ how: "taken" });
  expect(read).toBe("5 hello");
  const resets = await collector((socket) => void socket.resetAndDestroy());
  expect(await carryByTcp(resets, "5 hello", 5_000)).toMatchObject({ how: "failed" });
  const mute = await collector((socket) => void defer(() => void socket.destroy()));
  mute.server.on("connection", (socket) => (socket.allowHalfOpen = true));
  expect(await carryByTcp(mute, "5 hello", 300)).toMatchObject({ how: "failed" });
  await new Promise<void>((resolve) => reads.server.close(() => resolve()));
  expect(await carryByTcp(reads, "5 hello", 5_000)).toMatchObject({
    how: "failed",
    why: expect.stringContaining("ECONNREFUSED"),
  });
});

test("datagrams leave octet by octet; a collector that is away harms nothing, nor does one too long", async () => {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  const sender = new Datagrams({ address: "127.0.0.1", port });
  defer(() => sender.close());
  sender.send("HEP3\u0000\u00ff");
  const [bytes] = (await once(socket, "message")) as [Buffer];
  expect(bytes.toString("hex")).toBe("4845503300ff");
  sender.send("x".repeat(70_000));
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  for (let index = 0; index < 20; index++) sender.send("nobody hears");
  const again = createSocket("udp4");
  again.bind(port, "127.0.0.1");
  await once(again, "listening");
  defer(() => void again.close());
  sender.send("here");
  expect(String(((await once(again, "message")) as [Buffer])[0])).toBe("here");
});

describeWith(["rsyslogd"], "a real rsyslog", () => {
  test("takes events by UDP and TCP, and knows their fields as structured data", async () => {
    const folder = temporaryFolder();
    const port = 20_000 + (process.pid % 20_000);
    const out = join(folder, "out");
    writeFileSync(
      join(folder, "rsyslog.conf"),
      `global(workDirectory="${folder}")
module(load="imudp") module(load="imtcp") module(load="mmjsonparse")
input(type="imudp" address="127.0.0.1" port="${port}")
input(type="imtcp" address="127.0.0.1" port="${port}")
template(name="row" type="string" string="%protocol-version% %pri% %timestamp:::date-rfc3339% %hostname% %app-name% %msgid% %$!event% %$!number%\\n")
action(type="mmjsonparse")
action(type="omfile" file="${out}" template="row")
`,
    );
    const child = spawn(pathOf("rsyslogd"), ["-n", "-f", join(folder, "rsyslog.conf"), "-i", join(folder, "pid")], {
      stdio: "ignore",
    });
    defer(async () => {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    });
    const event = (id: number, number: string) => ({
      ...{
        id: `a-${id}`,
        at: "2026-11-30T07:40:00.123Z",
        router: "branch-17",
        event: "emergency_call" as const,
        number,
      },
    });
    const messages = [event(1, "112"), event(2, 'ü"\n<13>1')].map((one) => syslogMessage(one, JSON.stringify(one)));
    const to = { address: "127.0.0.1", port };
    await expect.poll(() => carryByTcp(to, syslogFrame(messages[0] ?? ""), 2_000)).toMatchObject({ how: "taken" });
    const sender = new Datagrams(to);
    defer(() => sender.close());
    sender.send(messages[1] ?? "");
    const lines = () => (existsSync(out) ? readFileSync(out, "utf8").trim().split("\n") : []);
    await expect.poll(() => lines().length).toBeGreaterThanOrEqual(2);
    expect(lines().slice(0, 2)).toEqual([
      "1 28 2026-11-30T07:40:00.123Z branch-17 branchline emergency_call emergency_call 112",
      expect.stringMatching(/^1 28 2026-11-30T07:40:00\.123Z branch-17 branchline emergency_call emergency_call ü/),
    ]);
  });
});
