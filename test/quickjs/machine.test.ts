/** The machine, its interfaces and its errors, as the C host tells of them: as Node does. */
import { execFileSync } from "node:child_process";
import * as os from "node:os";
import { getSystemErrorName } from "node:util";
import { beforeEach, expect, test } from "vitest";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { Namespace } from "../peers/support/namespace.ts";
import { describeWith, pathOf } from "../peers/support/peers.ts";
import { describeProgram } from "./support/binary.ts";
import { type Call, callsOf } from "./support/calls.ts";

const HIGHEST_ERRNO = 140;
const { EBADF, ENOTTY } = os.constants.errno;

await describeProgram("the machine", "calls.ts", (binary) => {
  const calls = (...list: Call[]) => callsOf(binary(), list);
  const ofMachine = async (name: string) => (await calls([name]))[0];

  test("it has Node's words for the processor and the kernel's for itself", async () => {
    const results = await calls(["value", "arch"], ["value", "isBigEndian"], ["uname"], ["cpuCount"]);
    const isBigEndian = os.endianness() === "BE";
    expect(results).toEqual([
      process.arch,
      isBigEndian,
      [os.type(), os.release(), os.machine()],
      os.availableParallelism(),
    ]);
  });

  test("its memory and the time since its start are Node's", async () => {
    const [whole, free] = (await ofMachine("memory_bytes")) as number[];
    expect(whole).toBe(os.totalmem());
    expect(Math.abs(Number(free) - os.freemem())).toBeLessThan(os.totalmem() / 4);
    expect(Number(await ofMachine("uptime_s"))).toBeCloseTo(os.uptime(), -1);
  });

  test("every errno that Node knows has the same name, and the C library's sentence", async () => {
    const numbers = Object.values(os.constants.errno).filter(
      (number) => !getSystemErrorName(-number).startsWith("Unk"),
    );
    expect(numbers.length).toBeGreaterThan(60);
    const names = await calls(...numbers.map((number): Call => ["errorName", number]));
    expect(names).toEqual(numbers.map((number) => getSystemErrorName(-number)));
    expect(await calls(["errorText", 2], ["errorText", 0], ["errorText", 110])).toEqual([
      "No such file or directory",
      "Success",
      "Connection timed out",
    ]);
  });

  test("each errno of Linux has one name of its own, and other numbers have none", async () => {
    const names = await calls(
      ...Array.from({ length: HIGHEST_ERRNO }, (_, number): Call => ["errorName", number]),
      ["errorName", -2],
      ["errorName", 2 ** 31 - 1],
      ["errorName", -(2 ** 31)],
    );
    const named = names.filter((name) => name !== "");
    // 0, 41 and 58 aren't used.
    expect(named).toHaveLength(131);
    expect(new Set(named).size).toBe(named.length);
    expect(names.slice(-3)).toEqual(["", "", ""]);
  });

  test("no pipe is a terminal, none has a size, and none tells keys", async () => {
    const results = await calls(
      ["isTerminal", 0],
      ["isTerminal", 1],
      ["terminalSize", 1],
      ["isTerminal", -1],
      ["terminalSize", 99],
      ["setRaw", 0, true],
      ["setRaw", 99, true],
      ["setRaw", 0, false],
    );
    expect(results).toEqual([false, false, [0, 0], false, [0, 0], -ENOTTY, -EBADF, 0]);
  });

  test("the heap's use grows with what is kept, and a limit ends what is beyond it", async () => {
    const limit_bytes = 8_000_000;
    const pieces = Array.from({ length: 20 }, (): Call => ["random", 60_000]);
    const results = await calls(
      ["heapUsed_bytes"],
      ["random", 60_000],
      ["heapUsed_bytes"],
      ["limitHeap", limit_bytes],
      ...pieces,
      ["limitHeap", { number: "Infinity" }],
      ["random", 60_000],
      ["limitHeap", "all"],
    );
    const [before, , after] = results.map(Number);
    expect(before).toBeGreaterThan(50_000);
    expect(after).toBeGreaterThan(Number(before) + 60_000);
    const outcomes = results.slice(4, 24).map((result) => (result as { thrown?: string }).thrown);
    expect(outcomes[0]).toBeUndefined();
    expect(outcomes.at(-1)).toContain("out of memory");
    expect(results[25]).toEqual({ bytes: expect.any(Array) });
    expect(results[26]).toEqual({ thrown: "TypeError: a number is needed" });
  });
});

await describeProgram("interfaces", "calls.ts", (binary) => {
  describeWith(["namespaces"], "in a namespace", () => {
    let space: Namespace;
    const inside = (program: string, ...args: string[]) =>
      JSON.parse(execFileSync(pathOf("ip"), ["netns", "exec", space.name, program, ...args], { encoding: "utf8" }));
    const ofHost = () => inside(binary(), JSON.stringify([["ipv4Interfaces"]]))[0] as [string, string, number][];
    const ofNode = () => {
      const script = "console.log(JSON.stringify(require('os').networkInterfaces()))";
      const all = inside(process.execPath, "-e", script) as Record<string, { family: string; cidr: string }[]>;
      return Object.entries(all).flatMap(([name, list]) =>
        list
          .filter(({ family }) => family === "IPv4")
          .map(({ cidr }) => [name, cidr.split("/")[0], Number(cidr.split("/")[1])]),
      );
    };

    cleanUpAfterEach();
    beforeEach(() => {
      space = Namespace.create("interfaces");
      space.ip("link", "add", "wan0", "type", "veth", "peer", "name", "wan1");
      space.ip("address", "add", "192.0.2.1/24", "dev", "wan0");
      space.ip("link", "set", "wan0", "up");
    });

    test("aliases have names of their own, second addresses their device's; what is down isn't there", () => {
      space.ip("link", "add", "down0", "type", "veth", "peer", "name", "down1");
      space.ip("address", "add", "192.0.2.2/32", "dev", "wan0");
      space.ip("address", "add", "198.51.100.7/25", "dev", "wan0", "label", "wan0:1");
      space.ip("address", "add", "198.51.100.9/31", "dev", "wan0", "label", "wan0:sip");
      space.ip("address", "add", "203.0.113.5", "peer", "203.0.113.6/30", "dev", "wan1");
      space.ip("address", "add", "203.0.113.9/29", "dev", "down0");
      space.ip("address", "add", "10.0.0.1/0", "dev", "lo");
      space.ip("link", "set", "wan1", "up");
      const found = ofHost();
      expect(found).toContainEqual(["wan0:1", "198.51.100.7", 25]);
      expect(found).toContainEqual(["wan0", "192.0.2.2", 32]);
      expect(found.filter(([name]) => name.startsWith("down"))).toEqual([]);
      expect(byName(found)).toEqual(byName(ofNode()));
    });

    test("an interface without its carrier isn't there, nor for Node", () => {
      const found = ofHost();
      expect(found).toEqual([["lo", "127.0.0.1", 8]]);
      expect(byName(found)).toEqual(byName(ofNode()));
    });

    test("there are as many addresses as the kernel has", () => {
      for (let last = 1; last <= 70; last++) space.ip("address", "add", `10.1.1.${last}/24`, "dev", "lo");
      const found = ofHost();
      expect(found.length).toBeGreaterThan(70);
      expect(byName(found)).toEqual(byName(ofNode()));
    });

    test("an interface has an index by its whole name only", () => {
      const list = [
        ["interfaceIndex", "lo"],
        ["interfaceIndex", "wan0"],
        ["interfaceIndex", "none"],
      ];
      const long = ["wan0", "", "x".repeat(15), "x".repeat(16), "lo\0"].map((name) => ["interfaceIndex", name]);
      const results = inside(binary(), JSON.stringify([...list, ...long])) as unknown[];
      const index = execFileSync(pathOf("ip"), ["netns", "exec", space.name, "cat", "/sys/class/net/wan0/ifindex"]);
      expect(results.slice(0, 3)).toEqual([1, Number(index), 0]);
      expect(results.slice(3)).toEqual([Number(index), 0, 0, 0, { thrown: expect.stringContaining("octet 0") }]);
    });
  });
});

/** Node groups by names, and the kernel has an order of its own. */
function byName(list: readonly (readonly unknown[])[]): string[] {
  return list.map((entry) => entry.join(" ")).sort();
}
