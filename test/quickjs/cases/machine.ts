/** Node's os, process, perf_hooks, tty and v8, as far as two engines on one machine say the same. */
import * as os from "node:os";
import { performance } from "node:perf_hooks";
import * as tty from "node:tty";
import type { Cases } from "./outcome.ts";

export const MACHINE: Cases = {
  "the kernel": () => [os.type(), os.release(), os.endianness(), process.platform, process.arch],
  "its name": () => os.hostname(),
  processors: () => [os.cpus().length, os.cpus()[0]?.model],
  memory: () => [os.totalmem(), os.freemem() > 0 && os.freemem() < os.totalmem()],
  "since it was started": () => Math.abs(os.uptime() - Number(performance.now() / 1_000)) > 0 && os.uptime() > 1,
  "how busy it is": () => os.loadavg().map((one) => one >= 0),
  "temporary files": () => os.tmpdir(),
  interfaces: () =>
    Object.entries(os.networkInterfaces()).map(([name, list = []]) => [
      name,
      list.map(({ address, family, cidr }) => `${family} ${address} ${cidr}`).sort(),
    ]),
  "a clock that goes on": () => {
    const first = performance.now();
    const second = performance.now();
    return [second >= first, second - first < 1_000];
  },
  "no terminal": () => [0, 1, 2].map((fd) => tty.isatty(fd)),
  "nor have streams one": () => [process.stdin.isTTY, process.stdout.isTTY, process.stderr.isTTY],
  variables: () => [process.env["GREETING"], process.env["EMPTY"], process.env["MISSING"]],
  words: () => process.argv.slice(2),
  "the program itself": () => [process.execPath.startsWith("/"), process.pid > 1, process.getuid?.()],
  "a signal that doesn't end it": () => process.kill(process.pid, 0),
  "to nobody": () => process.kill(2 ** 22 + 1, 0),
  "of an unknown name": () => {
    try {
      return process.kill(process.pid, "SIGNONE" as NodeJS.Signals);
    } catch (error) {
      return (error as Error).message;
    }
  },
};
