import * as fs from "node:fs";
import { describe, expect, it } from "vitest";
import { NodeUdp } from "../../src/io/node/udp.ts";
import { OwnListener } from "../../src/transport/own-listener.ts";

const log = { debug() {}, info() {}, warn() {}, error() {} };
const sink = {
  onMessage() {},
  onClosed() {},
  onUnreachable() {},
  knows: () => true,
  isPeer: () => true,
};

const descriptors = () => fs.readdirSync("/proc/self/fd").length;

function listenerAt(at: string, port: number): OwnListener {
  return new OwnListener(0, { protocol: "udp", at, version: 4, port, advertise: undefined });
}

describe("UDP sockets that can't be had", () => {
  it("leave no descriptor behind where the address isn't ours: a VRRP backup tries each second, for months", async () => {
    const udp = new NodeUdp(sink, log);
    const before = descriptors();
    for (let count = 0; count < 20; count++) {
      await expect(udp.open(listenerAt("203.0.113.7", 15_060))).rejects.toThrow("EADDRNOTAVAIL");
    }
    expect(descriptors() - before).toBeLessThan(5);
  });

  it("leave none behind where the port is another's", async () => {
    const other = new NodeUdp(sink, log);
    await other.open(listenerAt("127.0.0.53", 15_160));
    const udp = new NodeUdp(sink, log);
    const before = descriptors();
    for (let count = 0; count < 20; count++) {
      await expect(udp.open(listenerAt("127.0.0.53", 15_160))).rejects.toThrow("EADDRINUSE");
    }
    expect(descriptors() - before).toBeLessThan(5);
    await other.closeAll();
  });
});
