/** What `init` finds out before it asks: the network, who speaks SIP there, and what a branchline that runs here knows already. */
import * as path from "path";
import { performance } from "perf_hooks";
import { type Ear, listen, type OpenEar, openEars, roundSpan_ms } from "../io/node/ears.ts";
import { createRandom } from "../io/node/secret.ts";
import { isSame } from "../io/node/state-lock.ts";
import { readSurroundings } from "../io/node/surroundings.ts";
import type { Given, Key } from "../setup/init/answers.ts";
import { type Beside, besideOf, besideText } from "../setup/init/beside.ts";
import { addHeard, type Heard, optionsTo, readHeard } from "../setup/init/heard.ts";
import { canKeep, type Kept, keptOf, keptText } from "../setup/init/kept.ts";
import { readNetwork } from "../setup/init/network.ts";
import type { Places } from "../setup/init/places.ts";
import { earsOf, type Facts } from "../setup/init/proposal.ts";
import { type Round, roundFrom, roundText, strangersOf } from "../setup/init/round.ts";
import { readConfig, STDIN } from "./load-file.ts";
import { complain as say } from "./paper.ts";
import { findAllRunning } from "./running.ts";

/** What phones and gateways tell when they are heard. */
const KEYS_HEARD: readonly Key[] = ["localnet", "upstream", "gateways", "members"];

/**
 * Asks a branchline that runs here, and listens only where somebody could say what isn't known yet.
 * @param seconds 0: doesn't listen
 * @param untilEnter ends the listening early, where a person is asked
 */
export async function lookAround(
  given: Given,
  seconds: number,
  places: Places,
  untilEnter?: () => Promise<void>,
): Promise<Facts> {
  const network = readNetwork(readSurroundings());
  const isKnown = KEYS_HEARD.every((key) => given[key] !== undefined);
  if (isKnown && places.file === STDIN) return { network, heard: [] };
  const ears = earsOf(network, given);
  const { beside: near, isDenied } = await lookBeside(places, ears);
  const isHere = (one: Beside) => isSame(one.file, path.resolve(places.file));
  const beside = isKnown ? near.filter(isHere) : near;
  for (const one of beside) say(`${besideText(one)}\n`);
  // Of several, none is the site's.
  const meant = beside.find(isHere) ?? (beside.length === 1 ? beside[0] : undefined);
  const kept = meant === undefined ? undefined : keptIn(meant, places.file);
  if (kept !== undefined) say(`${keptText(kept)}\n`);
  if (isKnown) return { network, heard: [], beside, kept };
  const phones = beside.flatMap((one) => one.phones).reduce(addHeard, []);
  if (!(seconds > 0) || ears.length === 0) return { network, heard: phones, beside, kept };
  const opened = await openEars(ears);
  const round = roundFrom(
    network,
    opened.map(({ address }) => address),
  );
  const lasts_s = Math.max(seconds, Math.ceil(roundSpan_ms(strangersOf(round)) / 1_000));
  const hasEars = opened.some(({ isTaken }) => !isTaken);
  const enter = hasEars && untilEnter !== undefined ? "Press Enter to stop listening.\n" : "";
  say(`${earsText(opened, beside, isDenied, lasts_s)}${roundText(round)}${enter}`);
  const started_ms = performance.now();
  const heard = await hear(opened, round, lasts_s, phones, hasEars ? untilEnter?.() : undefined);
  const lasted_s = Math.min(lasts_s, Math.ceil((performance.now() - started_ms) / 1_000));
  if (hasEars && !heard.some(({ user }) => user !== undefined)) say(silenceText(lasted_s));
  const asked = [...round.asked.values()].flatMap(({ known, strangers }) => [...known, ...strangers]);
  return { network, heard, asked, beside, kept };
}

/** What its file says; undefined, and said, where that is faulty or can't be read. @param next the file that is to be written */
function keptIn({ file }: Beside, next: string): Kept | undefined {
  const isSameFolder = next !== STDIN && path.dirname(path.resolve(next)) === path.dirname(path.resolve(file));
  const { config, text } = file === "" ? { config: undefined, text: undefined } : readConfig(file);
  const kept = config === undefined || text === undefined ? undefined : keptOf(file, text, config, isSameFolder);
  if (kept !== undefined && config !== undefined && canKeep(kept, config)) return kept;
  say(`warning: the settings of ${file === "" ? "its file" : file} are not taken over: add them by hand\n`);
  return undefined;
}

/** A phone is heard when it registers: after a restart, or when its registration is refreshed. */
function silenceText(seconds: number): string {
  return `No phone registered in these ${seconds} s. To let init see one, set its outbound proxy to this router, run init --hear 60 and restart the phone.\n`;
}

/** Those that run with the file which is to be written, or listen at one of these addresses. */
async function lookBeside({ file, state }: Places, ears: readonly Ear[]) {
  const { found, isDenied } = await findAllRunning(file, state);
  const isNear = (one: Beside) => one.ears.some(({ address }) => ears.some((ear) => ear.address === address));
  const near = found.filter(({ status }) => {
    const one = besideOf(status, []);
    return isSame(one.file, path.resolve(file)) || isNear(one);
  });
  const beside = near.map(async ({ running, status }) => besideOf(status, await running.contacts("tryToAsk")));
  return { beside: await Promise.all(beside), isDenied };
}

/** Where phones can be heard, and where not, and why. */
function earsText(ears: readonly OpenEar[], beside: readonly Beside[], isDenied: boolean, seconds: number): string {
  const free = ears.filter(({ isTaken }) => !isTaken).map(({ address }) => address);
  const lines = ears.flatMap(({ isTaken, address, port }) => {
    if (!isTaken) return [];
    const where = `port ${port} on ${address}`;
    const isIts = beside.some((one) => one.ears.some((ear) => ear.address === address && ear.port === port));
    if (isIts) return [`Not listening on ${address}: that branchline has port ${port} there.`];
    const maybe = isDenied ? " (if that is branchline: run with sudo)" : "";
    return [`warning: ${where} is taken by another program; phones can't be heard there${maybe}`];
  });
  const more = free.length === 0 ? [] : [`Listening for phones on ${free.join(", ")} for ${seconds} s …`];
  return [...lines, ...more].map((line) => `${line}\n`).join("");
}

/** @returns those who were known before, and those who were heard */
async function hear(
  ears: readonly OpenEar[],
  { asked }: Round,
  seconds: number,
  known: readonly Heard[],
  enough: Promise<void> | undefined,
) {
  const random = createRandom();
  let heard = known;
  await listen(ears, {
    duration_ms: seconds * 1_000,
    enough,
    ask: (address) => asked.get(address) ?? { known: [], strangers: [] },
    wire: (to, local) => optionsTo(to, local, random),
    hear: (wire, address) => {
      const one = readHeard(wire, address);
      if (one !== undefined) heard = addHeard(heard, one);
    },
  });
  return heard;
}
