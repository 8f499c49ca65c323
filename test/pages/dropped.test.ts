/** `deploy/security.md` names the reasons for which `status` counts dropped messages. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Verdict } from "../../src/proxy/router.ts";
import { page, ROOT } from "./pages.ts";

/** The compiler sees that none is missing. */
const VERDICTS: Readonly<Record<Exclude<Verdict, "admit">, true>> = { forbidden: true, stranger: true, scanner: true };

test("all of them, and no other", () => {
  const source = readFileSync(join(ROOT, "src/proxy/proxy-core.ts"), "utf8");
  const counted = [...source.matchAll(/meter\.count\("(\w+)"\)/g)].map(([, reason]) => reason);
  const [, list = ""] = /counts dropped messages by reason:\n([^.]*)\./.exec(page("deploy/security.md").text) ?? [];
  const named = [...list.matchAll(/`(\w+)`/g)].map(([, reason]) => reason);
  expect(named.sort()).toEqual([...new Set([...counted, ...Object.keys(VERDICTS)])].sort());
});
