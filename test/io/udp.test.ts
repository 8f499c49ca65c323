import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { networkInterfaces } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { NodeUdp } from "../../src/io/node/udp.ts";
import { OwnListener } from "../../src/transport/own-listener.ts";

const log = { debug() {}, info() {}, warn() {}, error() {} };
const sink = {
  onMessage: () => true,
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

it("a request that can't leave from our address fails at once: kernels before 5.4 say so of one that is gone, too", async () => {
  const tells: string[] = [];
  const udp = new NodeUdp({ ...sink, onUnreachable: (_flow: unknown, why: string) => tells.push(why) }, log);
  const listener = listenerAt("127.0.0.54", 15_360);
  await udp.open(listener);
  udp.send({ listener, address: "203.0.113.9", port: 5060 }, "OPTIONS sip:203.0.113.9 SIP/2.0\r\n\r\n");
  await expect.poll(() => tells).toHaveLength(1);
  await udp.closeAll();
});

it("why a peer can't be watched is told: our address has gone meanwhile", async () => {
  const told: string[] = [];
  const debug = (event: string, fields: { error?: unknown } = {}) => void told.push(`${event} ${fields.error}`);
  const udp = new NodeUdp(sink, { ...log, debug });
  const listener = listenerAt("127.0.0.54", 15_361);
  await udp.open(listener);
  listener.take("203.0.113.7");
  udp.watch({ listener, address: "127.0.0.56", port: 5060 });
  await expect.poll(() => told).toEqual([expect.stringMatching(/^watch_failed .*EADDRNOTAVAIL/)]);
  await udp.closeAll();
});

/** Twenty datagrams to a port of 127.0.0.55, all of which wait in the kernel's queue when it returns. */
function sendTwenty(port: number, from = 0): void {
  const program = `
    const socket = require("dgram").createSocket("udp4");
    let open = 20;
    socket.bind(${from}, "127.0.0.56", () => {
      for (let count = 0; count < 20; count++)
        socket.send("hello " + count, ${port}, "127.0.0.55", () => { open -= 1; if (open === 0) socket.close(); });
    });`;
  execFileSync(process.execPath, ["-e", program]);
}

describe("UDP sockets of watched peers", () => {
  const watched = async (port: number, peer: { address: string; port: number }) => {
    const heard: string[] = [];
    const udp = new NodeUdp({ ...sink, onMessage: (wire: string) => heard.push(wire) > 0 }, log);
    const listener = new OwnListener(0, { protocol: "udp", at: "127.0.0.55", version: 4, port, advertise: undefined });
    await udp.open(listener);
    const flow = { listener, ...peer };
    udp.watch(flow);
    await pause(50);
    return { udp, flow, heard };
  };

  it("lose nothing that others have sent when one is closed that had no route to its peer", async () => {
    const { udp, flow, heard } = await watched(15_260, { address: "203.0.113.9", port: 5060 });
    sendTwenty(15_260);
    udp.unwatch(flow);
    await pause(100);
    expect(heard).toHaveLength(20);
    sendTwenty(15_260);
    await pause(100);
    expect(heard).toHaveLength(40);
    await udp.closeAll();
  });

  it("lose nothing that the peer has sent when its own is closed", async () => {
    const { udp, flow, heard } = await watched(15_261, { address: "127.0.0.56", port: 15_262 });
    sendTwenty(15_261, 15_262);
    udp.unwatch(flow);
    await pause(100);
    expect(heard).toHaveLength(20);
    await udp.closeAll();
  });

  it("are few, however many peers come and go within a second", async () => {
    const { udp, flow } = await watched(15_263, { address: "127.0.0.56", port: 15_264 });
    const before = descriptors();
    for (let count = 0; count < 200; count++) {
      udp.watch({ ...flow, address: `127.0.1.${count}` });
      udp.unwatch({ ...flow, address: `127.0.1.${count}` });
    }
    expect(descriptors() - before).toBeLessThan(50);
    await udp.closeAll();
  });

  it("don't keep their address from whoever opens it again at once", async () => {
    const { udp, flow } = await watched(15_265, { address: "127.0.0.56", port: 15_266 });
    udp.unwatch(flow);
    await udp.close(flow.listener);
    await udp.open(flow.listener);
    await udp.closeAll();
  });
});

describe("whether an address is ours", () => {
  it("is what the kernel says, and asking leaves no descriptor behind", async () => {
    const udp = new NodeUdp(sink, log);
    const own = Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => address) ?? []);
    const before = descriptors();
    for (const address of own.filter((one) => !one.startsWith("fe80:"))) {
      expect([address, await udp.isOurs(address)]).toEqual([address, true]);
    }
    for (const address of ["203.0.113.7", "2001:db8::7"]) expect(await udp.isOurs(address)).toBe(false);
    await pause(50);
    expect(descriptors() - before).toBeLessThan(3);
  });
});
