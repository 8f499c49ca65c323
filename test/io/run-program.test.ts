/** Programs that are told of events: no shell reads what a caller has written, and none runs for ever. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runProgram } from "../../src/io/node/run-program.ts";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";

cleanUpAfterEach();

const HOSTILE = "$(touch harmed); `touch harmed`; ' \" | & > harmed\n;";

test("arguments and environment arrive as they are, whatever a shell would make of them", async () => {
  const folder = temporaryFolder();
  const script = `cd ${folder}; printf '%s' "$1" >argument; printf '%s' "$BRANCHLINE_FROM" >variable`;
  const ran = await runProgram(["/bin/sh", "-c", script, "sh", HOSTILE], { BRANCHLINE_FROM: HOSTILE }, 5_000);
  expect(ran.code).toBe(0);
  expect(readFileSync(join(folder, "argument"), "utf8")).toBe(HOSTILE);
  expect(readFileSync(join(folder, "variable"), "utf8")).toBe(HOSTILE);
  expect(existsSync(join(folder, "harmed"))).toBe(false);
});

test("its status and what it has said are told; one that isn't there has no status", async () => {
  expect(await runProgram(["/bin/sh", "-c", "echo no room >&2; exit 3"], {}, 5_000)).toEqual({
    code: 3,
    text: "no room",
  });
  expect(await runProgram(["/nowhere/tell.sh"], {}, 5_000)).toMatchObject({ code: null });
});

test("it is killed with all that it has started once its time is over", async () => {
  const folder = temporaryFolder();
  const script = `sleep 30 & echo $! >${join(folder, "child")}; wait`;
  const ran = await runProgram(["/bin/sh", "-c", script], {}, 500);
  expect(ran.code).toBeNull();
  const child = Number(readFileSync(join(folder, "child"), "utf8"));
  const isGone = () => {
    try {
      return readFileSync(`/proc/${child}/stat`, "utf8").includes(") Z ");
    } catch {
      return true;
    }
  };
  await expect.poll(isGone).toBe(true);
});
