/** What the running program tells the manager of services that has started it: by a program under Node, by a socket of its own in the binary. */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { PATIENCE_MS } from "../support/machine.ts";
import { PROGRAM, wordsOf } from "../support/program.ts";
import { hostPort, Subnet } from "./support/addresses.ts";
import { Child } from "./support/child.ts";
import { cleanUpAfterEach, defer } from "./support/cleanup.ts";
import { describeWith, pathOf } from "./support/peers.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const net = new Subnet(105);
const HEARS = fileURLToPath(new URL("hears-news.py", import.meta.url));
const LINE = /STATUS=Upstream \S+ is \w+( since \S+Z)?; calls go to \w+( \w+)*; 0 numbers registered$/;

cleanUpAfterEach();

interface Wishes {
  readonly watchdog_ms?: number;
  /** The only programs that are found. */
  readonly programs?: readonly string[];
}

/** A manager that hears, and the program that it has started. */
async function start({ watchdog_ms, programs }: Wishes = {}) {
  const folder = temporaryFolder();
  const socket = join(folder, "notify");
  const manager = new Child("python3", [HEARS, socket]);
  defer(() => manager.stop("SIGKILL"));
  await manager.line(/^hears$/);
  const file = join(folder, "branchline.yaml");
  writeFileSync(
    file,
    stringify({
      listen: [`udp:${hostPort(net.at(1))}`],
      localnet: [net.network(16)],
      upstream: `sip:${hostPort(net.at(2))}`,
    }),
  );
  const found = join(folder, "programs");
  mkdirSync(found);
  for (const program of programs ?? []) symlinkSync(pathOf(program), join(found, program));
  const [command = "", ...words] = wordsOf(PROGRAM);
  const service = new Child(command, [...words, "run", "-c", file], {
    env: {
      NOTIFY_SOCKET: socket,
      ...(watchdog_ms === undefined ? {} : { WATCHDOG_USEC: `${watchdog_ms * 1_000}` }),
      ...(programs === undefined ? {} : { PATH: found }),
    },
  });
  defer(() => service.stop());
  /** The next word. */
  const heard = async (pattern: RegExp) => (await manager.line(pattern, PATIENCE_MS)).replace(/^(\w+) \d+ /, "$1 ");
  return { manager, service, heard };
}

/** Python's own place may be a shim that needs more of PATH. */
describeWith(["python3", "perl", "systemd-notify"], "the service manager", () => {
  test("hears that it is ready, how it is, that it lives, that it reloads, and that it stops", async () => {
    const { manager, service, heard } = await start({ watchdog_ms: 1_500 });
    const first = await heard(/READY=1/);
    expect(first).toMatch(/^there READY=1 \| WATCHDOG=1 \| STATUS=/);
    expect(first).toMatch(LINE);
    const beats = () => manager.lines.filter((line) => /there \d+ WATCHDOG=1/.test(line)).length;
    await expect.poll(beats, { timeout: PATIENCE_MS }).toBeGreaterThan(3);
    service.signal("SIGHUP");
    expect(await heard(/RELOADING/)).toBe("there RELOADING=1");
    expect(await heard(/ READY=1$/)).toBe("there READY=1");
    expect(await service.stop()).toBe(0);
    await heard(/STOPPING=1$/);
  });

  test("without a watchdog it hears no beats", async () => {
    const { manager, service, heard } = await start();
    expect(await heard(/READY=1/)).toMatch(/^there READY=1 \| STATUS=/);
    service.signal("SIGHUP");
    await heard(/ READY=1$/);
    expect(manager.lines.filter((line) => line.includes("WATCHDOG"))).toEqual([]);
  });

  test("hears it where systemd-notify is missing", async () => {
    const { heard } = await start({ programs: ["perl"], watchdog_ms: 60_000 });
    const first = await heard(/READY=1/);
    expect(first).toMatch(/^there READY=1 \| WATCHDOG=1 \| STATUS=/);
    expect(first).toMatch(LINE);
  });

  test("that can't be told anything leaves calls alone", async () => {
    const { manager, service } = await start({ programs: [] });
    if (PROGRAM.node === undefined) {
      await manager.line(/READY=1/);
    } else {
      await service.line(/^<4>service_manager error="?systemd-notify can't be run/);
      expect(manager.lines).toEqual(["hears"]);
    }
    expect(service.hasEnded).toBe(false);
    expect(await service.stop()).toBe(0);
  });
});
