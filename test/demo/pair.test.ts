/** `npm run demo -- pair`, from its first line to its exit status. */
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { Child } from "../peers/support/child.ts";

const DEMO = fileURLToPath(new URL("../../dist/demo.mjs", import.meta.url));
const LIMIT_MS = 180_000;
/** The demo plays beside other tests. */
const PATIENCE = 4;
const STEPS = 7;
/** What a failure shows of it. */
const SHOWN = 80;
/** A row of a ladder: its time, and who has sent or received; "-": no router had the address. */
const ROW = /^ *\d+\.\d{3} {2}(left|right|-) .*[◀▶╳◆]/;

test("the demo of a pair plays each step, and each message has the name of a router", {
  timeout: LIMIT_MS,
}, async () => {
  const demo = new Child(process.execPath, [DEMO, "pair"], { env: { BRANCHLINE_PATIENCE: String(PATIENCE) } });
  try {
    expect(await demo.ended, demo.lines.slice(-SHOWN).join("\n")).toBe(0);
  } finally {
    demo.stop("SIGKILL");
  }
  const { lines } = demo;
  expect(lines.filter((line) => / ✓$/.test(line))).toHaveLength(STEPS);
  expect(lines.some((line) => line.includes("no address can be moved"))).toBe(true);
  const drawn = lines.filter((line) => /^ *\d+\.\d{3} .*[◀▶╳]/.test(line));
  expect(drawn.filter((line) => !ROW.test(line))).toEqual([]);
  const routerOf = (pattern: RegExp) => drawn.filter((line) => pattern.test(line)).map((line) => ROW.exec(line)?.[1]);
  // The 181 of a router that is killed, and the 302 of the other one.
  expect(routerOf(/ 181 /)[0]).toBe("right");
  expect(routerOf(/ 302 /)[0]).toBe("left");
  expect(new Set(routerOf(/─ REGISTER/))).toEqual(new Set(["left"]));
});

test("a play that isn't there is an error of use", async () => {
  const demo = new Child(process.execPath, [DEMO, "trio"]);
  expect(await demo.ended).toBe(2);
  expect(demo.lines.join()).toContain("npm run demo -- pair");
});
