/** The floods of support/endless-calls.ts, against a recent Node; with BRANCHLINE_LONG=1 on an emulated mipsel, too. */
import { afterAll, test } from "vitest";
import { EMULATED, emulatedLane } from "../lanes/lanes.ts";
import { byNode } from "../support/program.ts";
import { Subnet } from "./support/addresses.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { FLOODS_LIMIT_MS, surviveFloods } from "./support/endless-calls.ts";
import { installNode } from "./support/node-from-npm.ts";
import { describeUnless } from "./support/peers.ts";

const net = new Subnet(37);
const { path, missing, remove } = installNode(20);

cleanUpAfterEach();
afterAll(remove);

describeUnless(missing === undefined ? [] : [missing], "Node 20", () => {
  test.each([32, 64])(
    "with a heap of %d MB: it lives through floods of calls that never end, and still calls for help",
    { timeout: FLOODS_LIMIT_MS },
    (heap_mb) => surviveFloods(net, byNode(path), heap_mb),
  );
});

const mipsel = EMULATED.find(({ architecture }) => architecture === "mipsel");
if (process.env["BRANCHLINE_LONG"] === "1" && mipsel !== undefined) {
  const { program, missing, gone, patience } = await emulatedLane(mipsel);
  const why = missing ?? gone;
  describeUnless(why === undefined ? [] : [why], "mipsel", () => {
    test(
      "with a heap of 32 MB: it lives through floods of calls that never end, and still calls for help",
      { timeout: FLOODS_LIMIT_MS * patience },
      () => surviveFloods(net, program, 32, patience),
    );
  });
}
