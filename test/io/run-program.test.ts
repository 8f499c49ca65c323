/** Programs that are told of events: no shell reads what a caller has written, and none runs for ever. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runProgram, runTool, whyNoRoute, whyNotDone } from "../../src/io/node/run-program.ts";
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

test("one that the system refuses at once has no status, and the reason in its place", async () => {
  const ran = await runProgram(["/bin/echo", "a\0b"], {}, 5_000);
  expect(ran).toEqual({ code: null, text: expect.stringContaining("null bytes") });
  expect(await runProgram(["/etc/passwd/tell.sh"], {}, 5_000)).toMatchObject({ code: null });
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

test("why it wasn't done is its status, or that it never ran, with the end of what it has said", async () => {
  const why = async (line: string) => whyNotDone(await runTool(["/bin/sh", "-c", line], 5_000));
  expect(await why("echo fine")).toBeUndefined();
  expect(await why("echo no socket >&2; exit 3")).toBe("exit status 3: no socket");
  expect(await why("exit 4")).toBe("exit status 4");
  expect(await why("head -c 1000 /dev/zero | tr '\\0' x; exit 1")).toBe(`exit status 1: ${"x".repeat(200)}`);
  expect(whyNotDone(await runTool(["/nowhere/birdc"], 5_000))).toBe("it couldn't be started, or took too long");
});

test("a tool is found where root's programs are, too", async () => {
  const before = process.env["PATH"];
  process.env["PATH"] = "/usr/bin:/bin";
  try {
    expect((await runTool(["ldconfig", "--version"], 5_000)).code).toBe(0);
  } finally {
    process.env["PATH"] = before;
  }
});

test("exabgpcli ends with 0 whatever has come of its command: then its words count", async () => {
  const why = async (words: string) => whyNoRoute(await runTool(["/bin/sh", "-c", `echo "${words}" >&2`], 5_000));
  expect(await why("ExaBGP returns an error (see ExaBGP's logs for more information)")).toMatch(
    /^ExaBGP returns an error/,
  );
  expect(await why("ExaBGP is shutting down, command aborted")).toMatch(/^ExaBGP is shutting down/);
  expect(await why("\nwarning: no end of command message received")).toMatch(/^warning: no end of command/);
  expect(await why("command: announce route 10.206.206.1/32 next-hop self")).toBeUndefined();
  expect(whyNoRoute(await runTool(["/bin/sh", "-c", "exit 3"], 5_000))).toBe("exit status 3");
});
