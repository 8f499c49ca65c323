/**
 * A binary for i386 plays all of the lanes' suite as on Linux 2.6.22, which FreshTomato's MIPS routers have: each call that is newer
 * fails, see older-kernel.c.
 */
import { afterAll, expect, test } from "vitest";
import { BINARIES, binaryLane } from "../lanes/binaries.ts";
import { newerCalls } from "../lanes/older-kernel.ts";
import { playLanes } from "../lanes/play.ts";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";

cleanUpAfterEach();

const kinds = BINARIES.filter(({ hasOlderKernel }) => hasOlderKernel === true);
playLanes(await Promise.all(kinds.map((kind) => binaryLane(kind))), () => true);

test("calls that the kernel hasn't were made, so that it is known to be older", () => {
  expect(newerCalls()).toEqual(expect.arrayContaining(["epoll_create1", "clock_gettime64"]));
});

afterAll(() => console.log(`kernel 2.6.22: another way was found for ${newerCalls().join(", ")}`));
