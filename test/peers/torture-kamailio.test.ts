/**
 * What a real Kamailio, as an outbound proxy, does with the torture messages: the outcomes that verdicts.md shows beside
 * ours. TORTURE=write writes them anew.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { archiveMessages } from "../torture/archive.ts";
import { rfc4475Messages } from "../torture/rfc4475-messages.ts";
import { rfc5118Messages } from "../torture/rfc5118-messages.ts";
import type { Outcome, TortureMessage } from "../torture/verdict.ts";
import { KAMAILIO, type KamailioOutcomes, readKamailio } from "../torture/verdicts-table.ts";
import { hostPort, Subnet } from "./support/addresses.ts";
import { Child } from "./support/child.ts";
import { cleanUpAfterEach, defer } from "./support/cleanup.ts";
import { describeWith } from "./support/peers.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";
import { ipv6Places } from "./support/torture-places.ts";
import { type Places, TortureRig } from "./support/torture-rig.ts";

const CONFIGURATION = fileURLToPath(new URL("kamailio-torture.cfg", import.meta.url));
const LIMIT_MS = 180_000;
const net = new Subnet(85);
const isWriting = process.env["TORTURE"] === "write";

cleanUpAfterEach();

/** Each message's outcome; Kamailio has one process for its socket, so that nothing overtakes anything. */
async function outcomes(places: Places, messages: readonly TortureMessage[]): Promise<Map<string, Outcome>> {
  const rig = await TortureRig.open(places);
  const folder = temporaryFolder();
  mkdirSync(join(folder, "run"));
  const args = ["-f", CONFIGURATION, "-DD", "-E", "-n", "1", "-m", "32", "-M", "4", "-w", folder];
  args.push("-Y", join(folder, "run"), "-P", join(folder, "pid"));
  args.push("-A", `LISTEN=udp:${hostPort(places.proxy)}`, "-A", `UPSTREAM="${hostPort(places.upstream)}"`);
  const child = new Child("kamailio", args, { cwd: folder, namespace: places.namespace });
  defer(() => child.stop("SIGKILL"));
  await rig.ready();
  const found = new Map<string, Outcome>();
  for (const message of messages) found.set(message.name, await rig.outcome(message));
  return found;
}

/** In write mode keeps what was found; otherwise compares it. */
function settle(ours: ReadonlyMap<string, Outcome>, archive: ReadonlyMap<string, Outcome>): void {
  const known = readKamailio();
  const rows = [...ours].map(([name, outcome]) => {
    const before = [known[name] ?? []].flat()[1];
    const theirs = archive.get(name) ?? before ?? outcome;
    const both: readonly [Outcome, Outcome] = [outcome, theirs];
    return [name, theirs === outcome ? outcome : both] as const;
  });
  const found: KamailioOutcomes = Object.fromEntries(rows);
  if (isWriting) {
    const lines = Object.entries({ ...known, ...found }).map(
      ([name, outcome]) => `  "${name}": ${JSON.stringify(outcome)}`,
    );
    writeFileSync(KAMAILIO, `{\n${lines.join(",\n")}\n}\n`);
  }
  expect(readKamailio()).toMatchObject(found);
}

describeWith(["kamailio"], "Kamailio and RFC 4475", () => {
  test("outcomes are those of verdicts.md", { timeout: LIMIT_MS }, async () => {
    const places = { proxy: net.at(1), upstream: net.at(2), phone: net.at(17) };
    const ours = await outcomes(places, rfc4475Messages);
    const others = { proxy: net.at(3), upstream: net.at(4), phone: net.at(18) };
    settle(ours, await outcomes(others, archiveMessages));
  });
});

describeWith(["kamailio", "namespaces"], "Kamailio and RFC 5118", () => {
  test("outcomes are those of verdicts.md", { timeout: LIMIT_MS }, async () => {
    settle(await outcomes(ipv6Places(), rfc5118Messages), new Map());
  });
});
