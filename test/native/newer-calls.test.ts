/** The older kernel of the lanes is one: each call of i386 that is newer than Linux 2.6.22 fails there, as it did. */
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { callsOfI386, newerCalls, olderKernel } from "../lanes/older-kernel.ts";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { describeUnless } from "../peers/support/peers.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";

const SOURCE = fileURLToPath(new URL("newer-calls.c", import.meta.url));
const COMPILER = "i686-linux-gnu-gcc";
const FLAGS = ["-O1", "-Wall", "-Wextra", "-Werror", "-static", "-nostdlib", "-ffreestanding", "-fno-stack-protector"];
/** eventfd, the last call of 2.6.22. */
const LAST = 323;
/** What a C library of today tries first, and a few that others like. */
const KNOWN = (
  "accept4 clock_gettime64 clone3 close_range copy_file_range dup3 epoll_create1 epoll_pwait2 eventfd2 faccessat2 " +
  "fallocate futex_time64 getrandom inotify_init1 openat2 pipe2 ppoll_time64 preadv preadv2 prlimit64 pwritev recvmmsg " +
  "recvmmsg_time64 renameat2 rt_sigtimedwait_time64 sendmmsg signalfd4 socket statx syncfs timerfd_settime " +
  "utimensat_time64"
).split(" ");

cleanUpAfterEach();

const missing = [
  ...(process.arch === "x64" ? [] : ["an x86-64 machine"]),
  ...(spawnSync(COMPILER, ["--version"]).error === undefined ? [] : [`no ${COMPILER}`]),
];

describeUnless(missing, "Linux 2.6.22", () => {
  test("no newer call is answered, nor what was added to older ones, and each is noted", () => {
    const folder = temporaryFolder();
    const program = join(folder, "caller");
    execFileSync(COMPILER, [...FLAGS, "-o", program, SOURCE]);
    const [command = "", ...words] = olderKernel(folder);
    const { status, stdout, stderr } = spawnSync(command, [...words, program], { encoding: "utf8" });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" });
    const newer = [...callsOfI386()].filter(([number]) => number > LAST).map(([, name]) => name);
    expect(newer).toEqual(expect.arrayContaining(KNOWN));
    expect(newerCalls(folder)).toEqual(expect.arrayContaining([...newer, "timerfd_create"]));
  });
});
