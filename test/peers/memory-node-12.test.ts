/** The floods of support/endless-calls.ts, against the oldest Node. */
import { afterAll, test } from "vitest";
import { byNode } from "../support/program.ts";
import { Subnet } from "./support/addresses.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { FLOODS_LIMIT_MS, surviveFloods } from "./support/endless-calls.ts";
import { installNode } from "./support/node-from-npm.ts";
import { describeUnless } from "./support/peers.ts";

const net = new Subnet(38);
const { path, missing, remove } = installNode(12);

cleanUpAfterEach();
afterAll(remove);

describeUnless(missing === undefined ? [] : [missing], "Node 12", () => {
  test.each([32, 64])(
    "with a heap of %d MB: it lives through floods of calls that never end, and still calls for help",
    { timeout: FLOODS_LIMIT_MS },
    (heap_mb) => surviveFloods(net, byNode(path), heap_mb),
  );
});
