/** Sockets, timers and children by Node's names tell what Node's tell, in its order. The same program is run by Node and by the host in C. */
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeProgram, runBinary } from "./support/binary.ts";
import { bundledForNode } from "./support/by-node.ts";

const LIMIT_ms = 60_000;

type Outcomes = Readonly<Record<string, unknown>>;

const nodes = bundledForNode("events.ts");
let serial = 0;

/** An empty one to run in. */
function emptyFolder(): string {
  serial += 1;
  const cwd = join(nodes().folder, String(serial));
  mkdirSync(cwd);
  return cwd;
}

const byNode = (...words: string[]) =>
  execFileSync(process.execPath, [nodes().program, ...words], {
    cwd: emptyFolder(),
    encoding: "utf8",
    timeout: LIMIT_ms,
  });

await describeProgram("beside Node", "events.ts", (path) => {
  const byHost = async (...words: string[]) => {
    const ended = await runBinary(path(), words, { cwd: emptyFolder(), limit_ms: LIMIT_ms });
    expect({ ...ended, out: "" }).toEqual({ status: 0, error: "", out: "" });
    return ended.out;
  };

  test("all of it", { timeout: 2 * LIMIT_ms }, async () => {
    const expected = JSON.parse(byNode()) as Outcomes;
    expect(Object.keys(expected).length).toBeGreaterThan(60);
    expect(JSON.parse(await byHost())).toEqual(expected);
  });

  test("a call that is ended keeps no other from its turn, nor a socket from its end", {
    timeout: LIMIT_ms,
  }, async () => {
    const lines = (await byHost("overruns")).trim().split("\n");
    const count = (line: string) => lines.filter((one) => one === line).length;
    const ends = ["event_ended", "goes on", "due with it", "closed", "later", "at last"];
    expect(ends.map(count)).toEqual([2, 2, 1, 1, 1, 1]);
    expect(lines[lines.length - 1]).toBe("at last");
  });

  test("timers, servers and streams that keep no process let it end", { timeout: LIMIT_ms }, async () => {
    expect(byNode("ends")).toBe("ended");
    expect(await byHost("ends")).toBe("ended");
  });
});
