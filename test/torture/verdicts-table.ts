/** verdicts.md: what the RFCs want, what branchline does, what Kamailio does, side by side. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { rfc4475Verdicts } from "./rfc4475-verdicts.ts";
import { rfc5118Verdicts } from "./rfc5118-verdicts.ts";
import type { Outcome, Verdict } from "./verdict.ts";

export const TABLE = fileURLToPath(new URL("verdicts.md", import.meta.url));
export const KAMAILIO = fileURLToPath(new URL("kamailio.json", import.meta.url));

/** What Kamailio did when it was last asked, by the names of messages; a list where the RFC's own bytes fare otherwise. */
export type KamailioOutcomes = Readonly<Record<string, Outcome | readonly [ours: Outcome, archive: Outcome]>>;

export function readKamailio(): KamailioOutcomes {
  return existsSync(KAMAILIO) ? (JSON.parse(readFileSync(KAMAILIO, "utf8")) as KamailioOutcomes) : {};
}

const HEAD = `# Verdicts on torture messages

RFC 4475 and RFC 5118 hold messages on which SIP implementations stumble. Each is sent by a phone to an outbound proxy
that is not responsible for its domain: *forward* means that it left for upstream, a number the answer that the phone got,
*drop* that nothing left. The messages are ours, written after the RFCs' descriptions; behind a slash stand forms of our
own. Where the RFC's own bytes are at hand, they are tested as well, with the same verdicts.

Kamailio is Debian's 5.6 with the checks of Debian's configuration (\`test/peers/kamailio-torture.cfg\`); *a, b* means a for
our message and b for the RFC's own. Its 200 to unkscm and novelsc is that of its keep-alive rule; where it drops a
request, its parser has given up on it.

Written by \`TORTURE=write npx vitest run --config test/vitest.config.mts test/peers/torture\`, which asks Kamailio, and then
the same with \`test/torture\`.
`;

/** The whole text of verdicts.md. */
export function verdictsTable(kamailio: KamailioOutcomes): string {
  return [HEAD, tableOf("RFC 4475", rfc4475Verdicts, kamailio), tableOf("RFC 5118", rfc5118Verdicts, kamailio)].join(
    "\n",
  );
}

function tableOf(title: string, verdicts: readonly Verdict[], kamailio: KamailioOutcomes): string {
  const rows = verdicts.map(({ name, section, wants, outcome, why, deviation }) => {
    const remark = deviation === undefined ? why : `${why}. Not as the RFC would have it first: ${deviation}`;
    const theirs = [kamailio[name] ?? "not asked"].flat().join(", ");
    return `| ${[name, section, wants, `**${outcome}**`, theirs, remark].join(" | ")} |`;
  });
  const head = "| message | section | RFC wants | branchline | Kamailio | remark |\n|---|---|---|---|---|---|";
  return `## ${title}\n\n${head}\n${rows.join("\n")}\n`;
}
