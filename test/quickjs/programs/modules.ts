/** Prints what all cases come to, by name, as JSON. It is run by Node, and by the shims with each host. */
import * as fs from "node:fs";
import { BUFFERS } from "../cases/buffers.ts";
import { DIGESTS } from "../cases/digests.ts";
import { FILES } from "../cases/files.ts";
import { MACHINE } from "../cases/machine.ts";
import { outcomeOf } from "../cases/outcome.ts";
import { PATHS } from "../cases/paths.ts";
import { PROMISES } from "../cases/promises.ts";
import { TEXTS } from "../cases/texts.ts";

async function main() {
  const outcomes: Record<string, unknown> = {};
  for (const [group, cases] of Object.entries({ BUFFERS, DIGESTS, PATHS, TEXTS, FILES, PROMISES, MACHINE })) {
    for (const [name, run] of Object.entries(cases)) outcomes[`${group.toLowerCase()}: ${name}`] = await outcomeOf(run);
  }
  fs.writeFileSync(1, JSON.stringify(outcomes));
}

main();
