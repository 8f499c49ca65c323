/**
 * The bundle, as it goes to routers, under the Nodes and on the processors that routers have. Here the oldest Node plays all
 * of the suite, and a small and a big-endian processor what depends on them; with BRANCHLINE_LONG=1 every lane plays all.
 */
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { EMULATED, emulatedLane, NPM_MAJORS, nativeLane } from "./lanes.ts";
import { playLanes } from "./play.ts";

const isLong = process.env["BRANCHLINE_LONG"] === "1";
const SHORT = ["mipsel", "s390x"];
const OLDEST = 12;

cleanUpAfterEach();

const emulated = EMULATED.filter(({ architecture }) => isLong || SHORT.includes(architecture));
playLanes(
  [
    ...(await Promise.all(emulated.map(emulatedLane))),
    ...NPM_MAJORS.filter((major) => isLong || major === OLDEST).map(nativeLane),
  ],
  ({ patience }) => isLong || patience === 1,
);
