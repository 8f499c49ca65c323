/** `branchline init`: looks around, asks what it can't see, and writes the configuration file. */
import * as fs from "fs";
import * as path from "path";
import * as readline from "readline";
import type { Config } from "../app/config/config.ts";
import { ipVersion } from "../base/ip-range.ts";
import { listen } from "../io/node/ears.ts";
import { writeFault } from "../io/node/host.ts";
import { readAllInterfaces, readInterfaces } from "../io/node/interfaces.ts";
import { createRandom } from "../io/node/secret.ts";
import { readSurroundings } from "../io/node/surroundings.ts";
import { tlsFault } from "../io/node/tls-faults.ts";
import { writeForPeople } from "../io/node/whole-file.ts";
import { Conversation } from "../setup/init/conversation.ts";
import { missingFlags, questionOf, settle } from "../setup/init/dialogue.ts";
import { type Draft, type Given, type Key, yamlOf } from "../setup/init/draft.ts";
import { addHeard, type Heard, optionsTo, readHeard } from "../setup/init/heard.ts";
import { lookFor } from "../setup/init/look.ts";
import { readNetwork } from "../setup/init/network.ts";
import { proxyAddresses, proxySentence } from "../setup/init/phones.ts";
import { type Places, placesOf } from "../setup/init/places.ts";
import { earsOf, type Facts, isBehindNat, neighboursOf, seenText } from "../setup/init/proposal.ts";
import { missingKeys } from "./check.ts";
import { EXIT_USAGE, EXIT_WORLD, type ExitStatus } from "./exit.ts";
import { faultLine, loadText } from "./load-file.ts";
import { fail as end, print, complain as say } from "./paper.ts";
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
}

/** By the error's code. */
const WHY_CLOSED: Readonly<Record<string, string>> = {
  EACCES: "permission denied; run with sudo",
  EROFS: "its file system is read-only",
  ENOTDIR: "a part of its path is no folder",
};

/** What phones and gateways tell when they are heard. */
const KEYS_HEARD: readonly Key[] = ["localnet", "upstream", "gateways", "members"];
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
  const { file, state } = places;
  if (options.force !== true && file !== STDOUT && fs.existsSync(file)) {
    fail(`${file} already exists; use --force to overwrite it`);
  }
  const closed = file === STDOUT ? undefined : writeFault(path.resolve(file));
  // Before anybody is asked: the answers would be lost.
  if (closed !== undefined) fail(`${file} can't be written: ${WHY_CLOSED[closed] ?? closed}`, EXIT_WORLD);
  const isTerminal = process.stdin.isTTY === true && process.stderr.isTTY === true;
  const given = givenIn(options, isTerminal && options.yes !== true);
  const missing = missingFlags(given);
  if (!isTerminal && options.yes !== true && missing.length > 0) {
    fail(`there is no terminal to ask on: give ${missing.join(", ")}, or --yes to take what is found`);
  }
  const around = await lookAround(given, Number(options.hear));
  say(seenText(around));
  const { draft, facts } = await (options.yes === true ? trust(around, given) : ask(around, given, file));
  const text = yamlOf(draft, { state, isBehindNat: isBehindNat(facts, draft), schema: installedSchema() });
  const config = loadText(text, file, undefined, readAllInterfaces(), () => undefined) ?? process.exit(EXIT_USAGE);
  if (file === STDOUT) print(text);
  else write(file, text);
  const done = file === STDOUT ? "" : `\n${file} written.\n`;
  (file === STDOUT ? say : print)(`${done}${nextSteps(config, places)}${stillMissing(config)}`);
  for (const warning of [...missingKeys(config), ...(await missingWayWarnings(config))])
    say(`${faultLine(file, warning, "warning: ")}\n`);
}

/** What packages bring beside the program. */
function installedSchema(): string | undefined {
  const schema = path.join(path.dirname(fs.realpathSync(process.argv[1] ?? ".")), "branchline.schema.json");
  return fs.existsSync(schema) ? schema : undefined;
}

function write(file: string, text: string): void {
  try {
    writeForPeople(file, text);
  } catch (error) {
    fail(`${file} can't be written: ${error instanceof Error ? error.message : String(error)}`, EXIT_WORLD);
  }
}

/** What to type next. */
function nextSteps(config: Config, { file, start }: Places): string {
  const isWritten = file !== STDOUT;
  const which = start === undefined ? ` -c ${isWritten ? file : "FILE"}` : "";
  const phones = proxySentence(proxyAddresses(config, readInterfaces() ?? new Map()));
  return `${isWritten ? "" : "No file was written: save this text as FILE.\n"}Next:
  branchline check${which}    what it will do, in words
  branchline doctor${which}   what on this router hinders calls
${start === undefined ? "" : `  ${start}\n`}  branchline phones${which}   phones' settings: ${phones}
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

/** Listens only where somebody could say what isn't known yet. */
async function lookAround(given: Given, seconds: number): Promise<Facts> {
  const network = readNetwork(readSurroundings());
  const ears = earsOf(network, given);
  const isKnown = KEYS_HEARD.every((key) => given[key] !== undefined);
  if (!(seconds > 0) || isKnown || ears.length === 0) return { network, heard: [] };
  say(`Listening for phones on ${ears.map(({ address }) => address).join(", ")} for ${seconds} s …\n`);
  const random = createRandom();
  let heard: readonly Heard[] = [];
  await listen({
    ears,
    duration_ms: seconds * 1_000,
    ask: (local) => neighboursOf(network, local.address).map((to) => ({ to, wire: optionsTo(to, local, random) })),
    hear: (wire, address) => {
      const one = readHeard(wire, address);
      if (one !== undefined) heard = addHeard(heard, one);
    },
  });
  return { network, heard };
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
    return { draft: stand.draft, facts };
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

/** Without a terminal, only the emergency numbers given by flag are written. */
function givenIn(options: InitOptions, isAsked: boolean): Given {
  const { localnet, upstream, gateway, members, emergency = isAsked ? undefined : "none", listen: own } = options;
  return { localnet, upstream, gateways: gateway, members, emergency, listen: own };
}

/** Asks a person what the command line doesn't answer. */
async function ask(facts: Facts, given: Given, file: string): Promise<Answers> {
  const talk = new Conversation(facts, given, file === STDOUT ? "it" : file);
  const lines = new Lines();
  for (;;) {
    if (talk.wanted.length > 0) talk.learn(await lookUp(talk.wanted, facts));
    if (talk.fault !== undefined) fail(talk.fault);
    if (talk.isOver) break;
    if (talk.wanted.length > 0) continue;
    const line = await lines.next(talk.prompt);
    if (line === undefined) fail("\nCancelled, no file written");
    say(talk.take(line));
  }
  lines.close();
  if (talk.isCancelled) fail("Cancelled, no file written");
  return { draft: talk.draft, facts: talk.facts };
}

/** What a person types, line by line; what comes before it is asked for waits. The terminal is read once the first line is wanted. */
class Lines {
  private readonly typed: string[] = [];
  private terminal: readline.Interface | undefined = undefined;
  private isClosed = false;
  private tell: (() => void) | undefined = undefined;

  /**
   * Undefined when there will be none: end of file, or Ctrl-C.
   * @param prompt its last line stands before what is typed
   */
  async next(prompt: string): Promise<string | undefined> {
    this.terminal ??= this.open();
    const end = prompt.lastIndexOf("\n") + 1;
    if (!this.isClosed) {
      say(prompt.slice(0, end));
      this.terminal.setPrompt(prompt.slice(end));
      this.terminal.prompt();
    }
    while (this.typed.length === 0 && !this.isClosed) await this.change();
    return this.typed.shift();
  }

  private change(): Promise<void> {
    return new Promise((resolve) => {
      this.tell = resolve;
    });
  }

  close(): void {
    this.terminal?.close();
  }

  private open(): readline.Interface {
    const terminal = readline.createInterface({ input: process.stdin, output: process.stderr });
    terminal.on("line", (line) => {
      this.typed.push(line);
      this.tell?.();
    });
    terminal.on("close", () => {
      this.isClosed = true;
      this.tell?.();
    });
    return terminal;
  }
}

/** Ends with the reason on standard error. */
function fail(text: string, status: ExitStatus = EXIT_USAGE): never {
  end(text, status);
}
