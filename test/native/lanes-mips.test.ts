/** The binaries for these processors play all of the lanes' suite, without Node: see test/lanes/suite.ts. */
import { BINARIES, binaryLane } from "../lanes/binaries.ts";
import { playLanes } from "../lanes/play.ts";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";

const TARGETS = ["mips"];

cleanUpAfterEach();

const kinds = BINARIES.filter(({ target }) => TARGETS.includes(target));
playLanes(await Promise.all(kinds.map((kind) => binaryLane(kind))), () => true);
