/** The package for FreshTomato on MIPS, on a real kernel: QEMU's Malta without a floating point unit, 64 MB, JFFS2 on 3 MB of flash. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { BINARIES, binaryLane } from "../lanes/binaries.ts";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { describeUnless, describeWith } from "../peers/support/peers.ts";
import { malta, whyNoMalta } from "../routers/support/malta.ts";
import { tomatoPackage } from "../routers/support/tomato.ts";
import { bootAndSurvive } from "./support/boot.ts";

const LIMIT = { timeout: 1_800_000 };
/** Debian's kernel needs an instruction set that is newer than the 4Kc's. */
const PROCESSOR = { name: "24Kc", kernelOptions: "" };

cleanUpAfterEach();

const kind = BINARIES.find(({ target }) => target === "mipsel");
if (kind === undefined) throw new Error("no lane for mipsel");
const { program, missing } = await binaryLane(kind);
const noKernel = await whyNoMalta();

describeWith(["qemu-system-mipsel", "cpio", "namespaces"], "a MIPS router with 64 MB", () => {
  describeUnless(missing === undefined ? [] : [missing], "with its binary", () => {
    // The mirror drops old kernels. One that is counted: the summary must not pass over it.
    if (noKernel !== undefined) console.warn(`boot: NOT TESTED: ${noKernel}`);
    test.skipIf(noKernel !== undefined)(
      "is booted, starts branchline by the package's boot script, and survives an outage",
      LIMIT,
      async () => {
        const { contents } = await tomatoPackage("1.0.0", readFileSync(program.first.at(-1) ?? program.command));
        const machine = await malta({ processor: PROCESSOR, memory_mb: 64, modules: ["mtdram.ko", "jffs2.ko"] });
        const told = await bootAndSurvive(machine, contents);
        console.log(`${PROCESSOR.name} without FPU, 64 MB: ${told}`);
        expect(told).toContain("resident");
      },
    );
  });
});
