/** Node's path. */
import * as path from "node:path";
import type { Cases } from "./outcome.ts";

const ONES = [
  ...["", ".", "..", "/", "//", "///", "a", "/a", "a/", "/a/", "//a", "//a/b", "a/b", "a//b", "/a//b//", "./a", "../a"],
  ...["a/.", "a/..", "a/./b", "a/../b", "/..", "/../a", "a/../..", "../..", "a/b/../../..", ".a", "a.b", "a.b.c", "a."],
  ...[".a.b", "..a", "a..", "/a.b/", "/a.b/c", "a b/ü.yaml", "/opt/etc/branchline.yaml", "state/control.sock"],
];
const PAIRS = ONES.flatMap((one) => ["", "x", "../x", "/x", "./"].map((other) => [one, other] as const));

export const PATHS: Cases = {
  dirname: () => ONES.map((one) => path.dirname(one)),
  basename: () => ONES.map((one) => path.basename(one)),
  "basename without its end": () =>
    ONES.filter((one) => !one.endsWith("/")).map((one) => [".b", ".yaml", ".c"].map((end) => path.basename(one, end))),
  extname: () => ONES.map((one) => path.extname(one)),
  isAbsolute: () => ONES.map((one) => path.isAbsolute(one)),
  normalize: () => ONES.map((one) => path.normalize(one)),
  join: () => [...PAIRS.map(([one, other]) => path.join(one, other)), path.join(), path.join("a", "b", "..", "c")],
  resolve: () => {
    const here = path.resolve(".");
    // Each run has a folder of its own.
    const shown = (found: string) => (found === here ? "HERE" : found.replace(`${here}/`, "HERE/"));
    return [...PAIRS, [], ["/a", "b", "/c", "../d"]].map((pieces) => {
      const found = shown(path.resolve(...pieces));
      return found === path.dirname(here) ? "ABOVE" : found.replace(`${path.dirname(here)}/`, "ABOVE/");
    });
  },
};
