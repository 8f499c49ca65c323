/** `branchline init`: looks around, asks what it can't see, and writes the configuration file. */
import * as fs from "fs";
import * as path from "path";
import type { Config } from "../app/config/config.ts";
import { ipVersion } from "../base/ip-range.ts";
import { writeFault } from "../io/node/host.ts";
import { readAllInterfaces, readInterfaces } from "../io/node/interfaces.ts";
import { isSame } from "../io/node/state-lock.ts";
import { tlsFault } from "../io/node/tls-faults.ts";
import { writeForPeople } from "../io/node/whole-file.ts";
import type { Draft, Given } from "../setup/init/answers.ts";
import { Conversation } from "../setup/init/conversation.ts";
import { missingFlags, questionOf, settle } from "../setup/init/dialogue.ts";
import { yamlOf } from "../setup/init/draft.ts";
import { type Kept, lostKeys, otherBlocks } from "../setup/init/kept.ts";
import { lookFor } from "../setup/init/look.ts";
import { proxyAddresses, proxySentence } from "../setup/init/phones.ts";
import { type Places, placesOf } from "../setup/init/places.ts";
import { type Facts, isBehindNat, seenText, silentGateways } from "../setup/init/proposal.ts";
import { missingKeys } from "./check.ts";
import { EXIT_USAGE, EXIT_WORLD, type ExitStatus } from "./exit.ts";
import { type Fault, faultLine, loadText } from "./load-file.ts";
import { lookAround } from "./look-around.ts";
import { fail as end, print, printData, complain as say } from "./paper.ts";
import { Lines } from "./typed-lines.ts";
import { missingWayWarnings } from "./ways.ts";

/** What came on the command line. */
export interface InitOptions {
  readonly config?: string;
  readonly localnet?: string;
  readonly upstream?: string;
  readonly gateway?: string;
  readonly members?: string;
  readonly emergency?: string;
  readonly listen?: string;
  readonly force?: boolean;
  readonly yes?: boolean;
  /** Seconds. */
  readonly hear: string;
}

/** What was answered, and all that was found on the way. */
interface Answers {
  readonly draft: Draft;
  readonly facts: Facts;
  /** A person has seen all answers, and what may be wrong with them. */
  readonly isReviewed: boolean;
}

/** By the error's code. */
const WHY_CLOSED: Readonly<Record<string, string>> = {
  EACCES: "permission denied; run with sudo",
  EROFS: "its file system is read-only",
  ENOTDIR: "a part of its path is no folder",
};

const STDOUT = "-";
/** A phone comes back within an hour. */
const HEAR_MAX_s = 3_600;

/** Why this is no time to listen for phones; undefined when it is one. */
export function hearFault(text: string): string | undefined {
  const isFine = /^\d+(\.\d+)?$/.test(text) && Number(text) <= HEAR_MAX_s;
  return isFine ? undefined : `must be a number of seconds from 0 to ${HEAR_MAX_s}`;
}

/** Writes the file, or ends with an exit status and the reason on standard error. */
export async function init(options: InitOptions): Promise<void> {
  const places = placesOf(options.config, fs.existsSync, process.execPath);
  const { file } = places;
  if (options.force !== true && file !== STDOUT && fs.existsSync(file)) {
    fail(`${file} already exists; use --force to overwrite it`);
  }
  const closed = file === STDOUT ? undefined : writeFault(path.resolve(file));
  // Before anybody is asked: the answers would be lost.
  if (closed !== undefined) fail(`${file} can't be written: ${WHY_CLOSED[closed] ?? closed}`, EXIT_WORLD);
  const isTerminal = process.stdin.isTTY === true && process.stderr.isTTY === true;
  const asked = givenIn(options);
  const missing = missingFlags(asked);
  if (!isTerminal && options.yes !== true && missing.length > 0) {
    fail(`there is no terminal to ask on: give ${missing.join(", ")}, or --yes to take what is found`);
  }
  const lines = isTerminal && options.yes !== true ? new Lines() : undefined;
  const around = await lookAround(asked, Number(options.hear), places, lines && (() => lines.empty()));
  const given = isTerminal || options.yes === true ? asked : withEmergency(asked, around);
  say(seenText(around));
  await finish(
    await (options.yes === true ? trust(around, given) : ask(around, given, places, lines ?? new Lines())),
    places,
  );
}

/** Writes the file, and says what to type next. */
async function finish(answers: Answers, places: Places): Promise<void> {
  const { draft, facts, isReviewed } = answers;
  const { file } = places;
  const { text, config, leftOut } = fileOf(draft, facts, places, isReviewed ? () => undefined : undefined);
  if (config === undefined) fail("No file written");
  if (file === STDOUT) printData(text);
  else write(file, text);
  const done = file === STDOUT ? "" : `${isReviewed ? "\n" : ""}${file} written.\n`;
  (file === STDOUT ? say : print)(`${done}${nextSteps(config, places, facts)}${stillMissing(config)}`);
  const doubts = isReviewed ? [] : await doubtsOf(config, answers);
  for (const warning of [...missingKeys(config), ...doubts]) say(`${faultLine(file, warning, "warning: ")}\n`);
  say(leftOut);
}

/** What of the answers may be wrong, as far as this router shows it. */
async function doubtsOf(config: Config, { draft, facts }: Pick<Answers, "draft" | "facts">): Promise<Fault[]> {
  const silent = silentGateways(draft, facts).map((message) => ({ key: "", message }));
  return [...silent, ...(await missingWayWarnings(config))];
}

/**
 * The new file's text, and what it lacks of the file that runs here. Without a configuration the answers make no valid file.
 * @param tell gets each fault and warning; undefined: standard error does
 */
function fileOf(draft: Draft, facts: Facts, { file, state }: Places, tell?: (fault: string) => void) {
  const { kept } = facts;
  const isHere = kept !== undefined && isSame(kept.file, path.resolve(file));
  const extras = { state, isBehindNat: isBehindNat(facts, draft), schema: installedSchema(), isHere };
  const load = (text: string, to = tell) => loadText(text, file, to, readAllInterfaces(), () => undefined);
  const whole = yamlOf(draft, { ...extras, kept });
  const config = load(whole, kept ? () => undefined : tell);
  if (config !== undefined)
    return { text: whole, config, leftOut: leftOutText(kept, kept ? lostKeys(kept, draft) : []) };
  // The old settings and the new answers don't fit together.
  const text = yamlOf(draft, extras);
  const all = kept === undefined ? [] : [...otherBlocks(kept, isHere).keys(), ...lostKeys(kept, {})];
  return { text, config: load(text), leftOut: leftOutText(kept, all) };
}

function leftOutText(kept: Kept | undefined, keys: readonly string[]): string {
  if (kept === undefined || keys.length === 0) return "";
  return `warning: left out of what ${kept.file} says, since your answers differ from it: ${keys.join(", ")}\n`;
}

/** What packages bring beside the program. */
function installedSchema(): string | undefined {
  const schema = path.join(path.dirname(fs.realpathSync(process.argv[1] ?? ".")), "branchline.schema.json");
  return fs.existsSync(schema) ? schema : undefined;
}

/** What stood there is kept beside it. */
function write(file: string, text: string): void {
  try {
    if (fs.existsSync(file)) {
      fs.copyFileSync(file, `${file}.old`);
      say(`The file before is kept as ${file}.old\n`);
    }
    writeForPeople(file, text);
  } catch (error) {
    fail(`${file} can't be written: ${error instanceof Error ? error.message : String(error)}`, EXIT_WORLD);
  }
}

/** What to type next. */
function nextSteps(config: Config, { file, start }: Places, { beside = [] }: Facts): string {
  const isWritten = file !== STDOUT;
  const which = start === undefined ? ` -c ${isWritten ? file : "FILE"}` : "";
  const runs = beside.some((one) => isSame(one.file, path.resolve(file)));
  const reload = `branchline reload${which}`.padEnd(`branchline doctor${which}`.length);
  const byHand = `branchline run${which}`.padEnd(`branchline doctor${which}`.length);
  const begin = runs ? `${reload}   the one that runs takes it over` : (start ?? `${byHand}   start it`);
  const phones = proxySentence(proxyAddresses(config, readInterfaces() ?? new Map()));
  return `${isWritten ? "" : "No file was written: save this text as FILE.\n"}Next:
  branchline check${which}    what it will do, in words
  branchline doctor${which}   what on this router hinders calls
  ${begin}
  branchline phones${which}   phones' settings: ${phones}
`;
}

/** The last line is the one that is read. */
function stillMissing({ site, tls }: Config): string {
  const fault = tls && tlsFault(tls);
  const files =
    fault === undefined
      ? ""
      : `\nIt can't start yet: tls.${fault.key} ${fault.message}.\ndeploy/tls.md says how to make certificate and key.\n`;
  if (site.gateways.length > 0) return files;
  return `${files}\nNo gateway is named yet: no call would survive an outage. Add gateways: [sip:ADDRESS] to the file.\n`;
}

/** Takes what the command line answers and what was found; ends with status 2 where that isn't enough. */
async function trust(facts: Facts, given: Given, draft: Draft = {}): Promise<Answers> {
  const stand = settle(draft, facts, given, true);
  if (stand.fault !== undefined) fail(stand.fault);
  if (stand.wanted === undefined) {
    const { listen: own, ...others } = stand.draft;
    // A guess is told, be it the only one.
    const { notes } = questionOf("listen", facts, others);
    if (given.listen === undefined && own !== undefined) say(notes.map((note) => `${note}\n`).join(""));
    return { draft: stand.draft, facts, isReviewed: false };
  }
  const ways = new Map([...(facts.ways ?? []), ...(await lookUp(stand.wanted, facts))]);
  return trust({ ...facts, ways }, given, stand.draft);
}

/** Says what is waited for: dead DNS takes seconds. */
function lookUp(uris: Parameters<typeof lookFor>[0], { network }: Facts): ReturnType<typeof lookFor> {
  const names = uris.map(({ host }) => host).filter((host) => ipVersion(host) === 0);
  if (names.length > 0) say(`Looking up ${names.join(", ")} …\n`);
  return lookFor(uris, network);
}

/** Without a terminal, emergency numbers are those of the flag, or of the file that runs here. */
function withEmergency(given: Given, { kept }: Facts): Given {
  return { ...given, emergency: given.emergency ?? (kept?.answers.emergency?.join(" ") || "none") };
}

function givenIn(options: InitOptions): Given {
  const { localnet, upstream, gateway, members, emergency, listen: own } = options;
  return { localnet, upstream, gateways: gateway, members, emergency, listen: own };
}

/** Before the file is written: the answers can still be changed. */
async function sayDoubts({ draft, facts }: Conversation, places: Places): Promise<void> {
  const { config } = fileOf(draft, facts, places);
  const doubts = config === undefined ? [] : await doubtsOf(config, { draft, facts });
  say(doubts.map((doubt) => `${faultLine(places.file, doubt, "warning: ")}\n`).join(""));
}

/** Asks a person what the command line doesn't answer. */
async function ask(around: Facts, given: Given, places: Places, lines: Lines): Promise<Answers> {
  const { file } = places;
  const talk = new Conversation(around, given, file === STDOUT ? "it" : file);
  let reviewed: Draft | undefined;
  for (;;) {
    if (talk.wanted.length > 0) talk.learn(await lookUp(talk.wanted, talk.facts));
    if (talk.fault !== undefined) fail(talk.fault);
    if (talk.isOver) break;
    if (talk.wanted.length > 0) continue;
    if (talk.isReviewing && reviewed !== talk.draft) {
      reviewed = talk.draft;
      await sayDoubts(talk, places);
    }
    const line = await lines.next(talk.prompt);
    if (line === undefined) fail("\nCancelled, no file written");
    say(talk.take(line));
  }
  lines.close();
  if (talk.isCancelled) fail("Cancelled, no file written");
  return { draft: talk.draft, facts: talk.facts, isReviewed: reviewed !== undefined };
}

/** Ends with the reason on standard error. */
function fail(text: string, status: ExitStatus = EXIT_USAGE): never {
  end(text, status);
}
