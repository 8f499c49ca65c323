/**
 * Every function of the C host, with arguments by chance, under AddressSanitizer and UBSan: an error or a result comes of it.
 * BRANCHLINE_LONG=1: a million calls for each seed.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { Namespace } from "../peers/support/namespace.ts";
import { describeWith, pathOf } from "../peers/support/peers.ts";
import { chosenSeed } from "../support/chance.ts";
import { describeProgram, runBinary } from "./support/binary.ts";

const isLong = process.env["BRANCHLINE_LONG"] === "1";
const isCi = process.env["CI"] !== undefined && process.env["CI"] !== "";
const CALLS = isLong ? 1_000_000 : isCi ? 100_000 : 30_000;
const LIMIT_MS = 1_800_000;
const another = chosenSeed("hostile calls");

await describeProgram("hostile calls", "hostile-calls.ts", (binary) => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "quickjs-hostile-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  describeWith(["namespaces"], "in a network of its own", () => {
    cleanUpAfterEach();

    test.each([1, another])(
      `seed %i: ${CALLS} calls`,
      async (seed) => {
        // The folders above it are ours, too: ".." does no harm.
        const cwd = join(folder, `${seed}`, "in", "it");
        mkdirSync(cwd, { recursive: true });
        // Its sockets take port 5060 of all addresses, and what they send reaches whoever listens.
        const space = Namespace.create("hostile");
        const command = ["netns", "exec", space.name, binary(), `${seed}`, `${CALLS}`];
        const { status, out, error } = await runBinary(pathOf("ip"), command, { cwd, limit_ms: LIMIT_MS });
        expect({ status, error }).toEqual({ status: 0, error: "" });
        const outcomes = JSON.parse(out) as Record<string, [number, number]>;
        const never = Object.entries(outcomes).filter(([name, [returned]]) => returned === 0 && name !== "exit");
        expect(never).toEqual([]);
        expect(Object.keys(outcomes).length).toBeGreaterThan(70);
      },
      LIMIT_MS,
    );
  });
});
