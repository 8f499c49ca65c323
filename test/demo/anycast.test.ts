/** `npm run demo -- anycast`, from its first line to its exit status. */
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { Child } from "../peers/support/child.ts";

const DEMO = fileURLToPath(new URL("../../dist/demo.mjs", import.meta.url));
const LIMIT_MS = 180_000;
/** The demo plays beside other tests. */
const PATIENCE = 4;
const STEPS = 7;
const NODES = ["node1", "node2", "node3"];
/** What a failure shows of it. */
const SHOWN = 120;
/** A row of a ladder: its time, and the node to which the packet went or from which it came. */
const ROW = /^ *\d+\.\d{3} {2}(node\d) .*[◀▶╳◆]/;

test("the demo of an anycast address plays each step, and each message has the name of a node", {
  timeout: LIMIT_MS,
}, async () => {
  const demo = new Child(process.execPath, [DEMO, "anycast"], { env: { BRANCHLINE_PATIENCE: String(PATIENCE) } });
  try {
    expect(await demo.ended, demo.lines.slice(-SHOWN).join("\n")).toBe(0);
  } finally {
    demo.stop("SIGKILL");
  }
  const { lines } = demo;
  expect(lines.filter((line) => / ✓$/.test(line))).toHaveLength(STEPS);
  expect(lines.some((line) => line.includes("mode: anycast"))).toBe(true);
  const drawn = lines.filter((line) => /^ *\d+\.\d{3} .*[◀▶╳]/.test(line));
  expect(drawn.filter((line) => !ROW.test(line))).toEqual([]);
  expect(new Set(drawn.map((line) => ROW.exec(line)?.[1]))).toEqual(new Set(NODES));
  const [who = ""] = lines.filter((line) => /✓ \d+ calls: /.test(line));
  expect(NODES.filter((name) => !new RegExp(`[1-9]\\d* by ${name}`).test(who))).toEqual([]);
});
