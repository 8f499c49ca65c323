/** `branchline init`: looks around, asks what it can't see, and writes the configuration file. `branchline phones`. */
import * as fs from "fs";
import * as readline from "readline";
import type { Config } from "../app/config/config.ts";
import { describe } from "../app/config/describe.ts";
import { listen } from "../io/node/ears.ts";
import { readInterfaceNames, readInterfaces } from "../io/node/interfaces.ts";
import { createRandom } from "../io/node/secret.ts";
import { readSurroundings } from "../io/node/surroundings.ts";
import { tlsFault } from "../io/node/tls-faults.ts";
import { writeForPeople } from "../io/node/whole-file.ts";
import { answer, missingFlags, promptOf, type Stand, settle } from "../setup/init/dialogue.ts";
import { type Draft, type Given, type Key, yamlOf } from "../setup/init/draft.ts";
import { addHeard, type Heard, optionsTo, readHeard } from "../setup/init/heard.ts";
import { readNetwork } from "../setup/init/network.ts";
import { phoneGuide } from "../setup/init/phones.ts";
import { placesOf } from "../setup/init/places.ts";
import { earsOf, type Facts, isBehindNat, neighboursOf, seenText } from "../setup/init/proposal.ts";
import { EXIT_USAGE, EXIT_WORLD, type ExitStatus } from "./exit.ts";
import { loadFile, loadText } from "./load-file.ts";
import { fail as end, print, complain as say } from "./paper.ts";

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

/** What phones and gateways tell when they are heard. */
const KEYS_HEARD: readonly Key[] = ["localnet", "upstream", "gateways", "members"];
const STDOUT = "-";

/** Writes the file, or ends with an exit status and the reason on standard error. */
export async function init(options: InitOptions): Promise<void> {
  const { file, state } = placesOf(options.config, fs.existsSync, process.execPath);
  if (options.force !== true && file !== STDOUT && fs.existsSync(file)) {
    fail(`${file} is there already; --force writes over it`);
  }
  const isTerminal = process.stdin.isTTY === true && process.stderr.isTTY === true;
  const isTrusting = options.yes === true;
  const given = givenIn(options, isTerminal);
  const missing = missingFlags(given);
  if (!isTerminal && !isTrusting && missing.length > 0) {
    fail(`there is no terminal to ask on: give ${missing.join(", ")}, or --yes to take what is found`);
  }
  const facts = await lookAround(given, Number(options.hear));
  say(seenText(facts));
  const draft = await decide(facts, given, isTrusting);
  const text = yamlOf(draft, { state, isBehindNat: isBehindNat(facts.network, draft) });
  const config = loadText(text, file, undefined, readInterfaceNames(), () => undefined) ?? process.exit(EXIT_USAGE);
  const summary = `${describe(config)}\n${guideFor(config)}${stillMissing(config)}`;
  if (file === STDOUT) {
    print(text);
    say(summary);
    return;
  }
  try {
    writeForPeople(file, text);
  } catch (error) {
    fail(`${file} can't be written: ${error instanceof Error ? error.message : String(error)}`, EXIT_WORLD);
  }
  print(`${file} is written.\n\n${summary}`);
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

/** Prints what to set on phones. */
export function showPhones(file: string): void {
  print(guideFor(loadFile(file) ?? process.exit(EXIT_USAGE)));
}

function guideFor(config: Config): string {
  return phoneGuide(config, readInterfaces() ?? new Map());
}

/** Listens only where somebody could say what isn't known yet. */
async function lookAround(given: Given, seconds: number): Promise<Facts> {
  const network = readNetwork(readSurroundings());
  const ears = earsOf(network, given);
  const isKnown = KEYS_HEARD.every((key) => given[key] !== undefined);
  if (!(seconds > 0) || isKnown || ears.length === 0) return { network, heard: [] };
  say(`Listening on ${ears.map(({ address }) => address).join(", ")} for ${seconds} s: who speaks SIP?\n`);
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

/** Takes what the command line answers, with --yes what was found too, and asks for the rest. */
function decide(facts: Facts, given: Given, isTrusting: boolean): Promise<Draft> {
  const settled = (draft: Draft) => settle(draft, facts, given, isTrusting);
  const stand = settled({});
  if (stand.fault !== undefined) fail(stand.fault);
  return stand.question === undefined ? Promise.resolve(stand.draft) : askPerson(stand, settled);
}

/** Without a terminal, only the emergency numbers given by flag are written. */
function givenIn(options: InitOptions, isTerminal: boolean): Given {
  const { localnet, upstream, gateway, members, emergency = isTerminal ? undefined : "none", listen: own } = options;
  return { localnet, upstream, gateways: gateway, members, emergency, listen: own };
}

function askPerson(start: Stand, settled: (draft: Draft) => Stand): Promise<Draft> {
  return new Promise((resolve) => {
    let stand = start;
    const lines = readline.createInterface({ input: process.stdin, output: process.stderr });
    const prompt = () => {
      if (stand.question === undefined) {
        lines.close();
        return;
      }
      lines.setPrompt(promptOf(stand.question));
      lines.prompt();
    };
    lines.on("line", (line) => {
      if (stand.question === undefined) return;
      const outcome = answer(stand.draft, stand.question, line);
      if ("draft" in outcome) stand = settled(outcome.draft);
      else say(`  ${outcome.fault}\n`);
      prompt();
    });
    lines.on("close", () => {
      if (stand.question === undefined) resolve(stand.draft);
      else fail("\nnothing is written");
    });
    prompt();
  });
}

function fail(text: string, code: ExitStatus = EXIT_USAGE): never {
  end(text, code);
}
