/** The table of makers in `deploy/phones.md` against what `branchline phones` prints. */
import { expect, test } from "vitest";
import { makerGuides } from "../../src/setup/init/phones.ts";
import { page } from "./pages.ts";

const guides = makerGuides([{ host: "10.222.237.1", port: 5060, transport: "udp" }]);
if ("fault" in guides) throw new Error(guides.fault);

test.each(guides.map((guide) => [guide.maker, guide] as const))(
  "%s: its menus and keys stand on the page",
  (maker, guide) => {
    const row = page("deploy/phones.md")
      .text.split("\n")
      .find((line) => line.startsWith(`| ${maker} |`));
    const keys = [...guide.settings, ...(guide.older ?? [])].map((line) => /^<?[\w.!]+/.exec(line)?.[0] ?? line);
    expect(keys.filter((key) => row?.includes(key) !== true)).toEqual([]);
    const menus = guide.menu.split("; ").flatMap((part) => part.replace(/:.*/, "").split(/ > |, /));
    expect(menus.filter((menu) => row?.includes(menu) !== true)).toEqual([]);
  },
);
