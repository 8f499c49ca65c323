/**
 * The package for FreshTomato on ARM, on a real kernel: QEMU's Versatile with an ARM926, which has no floating point unit, and 64 MB. The
 * kernel is built from Debian's source, so only with BRANCHLINE_LONG=1.
 */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { BINARIES, binaryLane } from "../lanes/binaries.ts";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { describeUnless, describeWith, type Peer } from "../peers/support/peers.ts";
import { tomatoPackage } from "../routers/support/tomato.ts";
import { bootAndSurvive } from "./support/boot.ts";
import { versatile } from "./support/versatile.ts";

const isLong = process.env["BRANCHLINE_LONG"] === "1";
/** Beside the compiler, which the binary's target needs too. */
const PEERS: readonly Peer[] = isLong ? ["qemu-system-arm", "flex", "bison", "bc", "cpio", "namespaces"] : [];
/** An hour, for the first time. */
const LIMIT = { timeout: 3_600_000 };
const MEMORY_MB = 64;

cleanUpAfterEach();

const kind = BINARIES.find(({ target }) => target === "armv5");
if (kind === undefined) throw new Error("no lane for armv5");
const { program, missing } = isLong ? await binaryLane(kind) : { program: undefined, missing: undefined };

describeWith(PEERS, "an ARM router with 64 MB (BRANCHLINE_LONG=1)", () => {
  describeUnless(missing === undefined ? [] : [missing], "with its binary", () => {
    test.runIf(isLong)(
      "is booted, starts branchline by the package's boot script, and survives an outage",
      LIMIT,
      async () => {
        const { contents } = await tomatoPackage("1.0.0", readFileSync(program?.first.at(-1) ?? ""));
        const told = await bootAndSurvive(await versatile(MEMORY_MB), contents);
        console.log(`ARM926 without FPU, ${MEMORY_MB} MB: ${told}`);
        expect(told).toContain("resident");
      },
    );
  });
});
