/** The package for FreshTomato with a real binary, for this machine's own processor: a branch's life without any Node. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { BINARIES, binaryLane } from "../lanes/binaries.ts";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { describeUnless, describeWith } from "../peers/support/peers.ts";
import { missingForRouters } from "../routers/support/router.ts";
import { branchsLife, Tomato, tomatoPackage } from "../routers/support/tomato.ts";

const LIMIT = { timeout: 360_000 };
const TARGET = "amd64";

cleanUpAfterEach();

const kind = BINARIES.find(({ target }) => target === TARGET);
if (kind === undefined) throw new Error(`no lane for ${TARGET}`);
const { program, missing } = await binaryLane(kind);
const binary = missing === undefined ? readFileSync(program.command) : Buffer.of();
const reasons = [...missingForRouters(), ...(missing === undefined ? [] : [missing])];

describeWith(["loop mounts"], "FreshTomato", () => {
  describeUnless(reasons, "the package with its binary", () => {
    test("a branch's life on JFFS", LIMIT, async () => {
      await branchsLife(await tomatoPackage("1.0.0", binary), await tomatoPackage("1.1.0", binary));
    });

    test("a file with tls is refused with the sentence that says what to do", LIMIT, async () => {
      const tomato = await Tomato.start({ disks: { "/jffs": 8_000 } });
      tomato.install(await tomatoPackage("1.0.0", binary));
      tomato.configure("/jffs", "listen: [tls:127.0.0.1]\nlocalnet: [127.0.0.0/24]\ntls: {certificate: a, key: b}\n");
      expect(tomato.run("branchline check").text).toContain("this build of branchline has no TLS");
    });
  });
});
