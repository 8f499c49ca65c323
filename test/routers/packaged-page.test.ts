/** Links of a page of the repository, as a package has it. */
import { expect, test } from "vitest";

interface Pages {
  packagedPage(text: string, path: string, has: (path: string) => boolean, moved: Record<string, string>): string;
}
const { packagedPage }: Pages = await import(new URL("../../build/release/pages.mjs", import.meta.url).href);

const SHIPPED = ["README.md", "deploy/README.md", "deploy/debian/README.md"];
const has = (path: string) => SHIPPED.some((one) => one === path || one.startsWith(`${path}/`));
const made = (text: string, path = "deploy/README.md") => packagedPage(text, path, has, { LICENSE: "copyright" });

test.each([
  ["a page in the package", "[this](../README.md#try-it) and [that](debian/README.md)"],
  ["a folder of which something is in the package", "[this](debian/) and [all](../deploy)"],
  [
    "a web address and a section of the page itself",
    "[web](https://example.com/a.ts) [mail](mailto:a@example.com) [up](#names)",
  ],
  ["code", "`[x](../src/x.ts)` and\n```\n[y](../test/y.ts)\n```\nend"],
])("%s: a link stays", (_, text) => {
  expect(made(text)).toBe(text);
});

test.each([
  ["see [lab.sh](../test/ten-minutes/lab.sh) and [tests](../test/README.md#a)", "see lab.sh and tests"],
  ["| [`src/x.ts`](../src/x.ts) |", "| `src/x.ts` |"],
  ["[two\nlines](../ARCHITECTURE.md), [a [b] c](../src/)", "two\nlines, a [b] c"],
  ["`a` [x](../src/x.ts) `b`", "`a` x `b`"],
  ["see [LICENSE](../LICENSE)", "see [copyright](../copyright)"],
])("%j becomes %j", (text, expected) => {
  expect(made(text)).toBe(expected);
});
