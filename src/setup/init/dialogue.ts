/** The questions of `branchline init`, one after the other, and what becomes of an answer. */

import { someOf } from "../../app/words/lines.ts";
import { ipVersion } from "../../base/ip-range.ts";
import type { SipUri } from "../../message/uri.ts";
import { DEFAULT_PROTOCOL, PROTOCOLS } from "../../transport/flow.ts";
import { type Draft, type Given, type Key, NONE } from "./answers.ts";
import { faultsOf } from "./draft.ts";
import { type Heard, isPhone, isUnknown } from "./heard.ts";
import { isIn, once } from "./network.ts";
import { type Facts, guessGateway, heardDomains, keptAnswer, lanNetworks, propose } from "./proposal.ts";
import { listenFor, unknownPeers, unknownWays, wantedWays } from "./ways.ts";

export interface Question {
  readonly key: Key;
  readonly text: string;
  /** On the command line. */
  readonly flag: string;
  /** What an empty answer means. */
  readonly proposed: readonly string[];
  /** What to know before answering, a sentence each. */
  readonly notes: readonly string[];
}

/** A larger draft, or what is wrong with the answer. */
export type Outcome =
  | {
      readonly draft: Draft;
      /** What it means that there is none, for a person to say yes to. */
      readonly doubt?: string;
    }
  | { readonly fault: string };

interface Row {
  readonly flag: string;
  /** As the question has it. */
  readonly text: string;
  /** In a list of the answers. */
  readonly short: string;
  /** What stands behind the flag. */
  readonly value: string;
}

/** In this order: later proposals build on earlier answers. */
export const ROWS: Readonly<Record<Key, Row>> = {
  localnet: { flag: "--localnet", text: "The phones' networks", short: "Phones' networks", value: "NETWORKS" },
  upstream: { flag: "--upstream", text: "The PBX, as phones have it as SIP server", short: "PBX", value: "URIS|none" },
  gateways: { flag: "--gateway", text: "The PSTN gateway's address", short: "Gateway", value: "ADDRESS|none" },
  members: {
    flag: "--members",
    text: "Extensions that ring when the gateway calls",
    short: "Gateway rings",
    value: "EXTENSIONS|none",
  },
  emergency: {
    flag: "--emergency",
    text: "Emergency numbers, always sent to the gateway first",
    short: "Emergency numbers",
    value: "NUMBERS|none",
  },
  listen: {
    flag: "--listen",
    text: "This router's addresses towards phones, PBX and gateway",
    short: "This router",
    value: "ADDRESSES",
  },
};
export const KEYS = Object.keys(ROWS) as readonly Key[];

/** Machines that a note has room for. */
const NAMES_MAX = 3;
const RINGS_ALWAYS =
  "A call from the gateway rings phones even while the PBX is up. If the PBX takes these calls, add to the file: inbound: upstream-first";

/** What it means to have none. */
const DOUBTS: { readonly [key in Key]?: string } = {
  upstream: "Without a PBX, each phone's own domain is taken for it, as DNS finds it.",
  gateways: "Without a gateway, calls can't leave in an outage.",
};

export interface Stand {
  readonly draft: Draft;
  /** The next one that nobody has answered; undefined: there is none. */
  readonly question?: Question;
  /** What is wrong with an answer that was given beforehand. */
  readonly fault?: string;
  /** Names to look up before it goes on: see {@link Facts.ways}. */
  readonly wanted?: readonly SipUri[];
}

/**
 * Answers as many questions as can be without asking.
 * @param isTrusting whether what was found is right where nothing was given; what wasn't found is a fault then
 */
export function settle(draft: Draft, facts: Facts, given: Given, isTrusting: boolean): Stand {
  const key = nextKey(draft, given);
  if (key === undefined) return { draft };
  const text = given[key];
  const wanted =
    key === "listen" && text === undefined && keptAnswer(key, facts, draft).length === 0
      ? wantedWays(draft, facts.ways)
      : [];
  if (wanted.length > 0) return { draft, wanted };
  const question = questionOf(key, facts, draft, !isTrusting);
  if (text === undefined && !isTrusting) return { draft, question };
  if (text === undefined && isMissing(question)) return { draft, question, fault: refusalOf(draft, facts, given) };
  const outcome = answer(draft, question, text ?? "");
  if ("draft" in outcome) return settle(outcome.draft, facts, given, isTrusting);
  return { draft, question, fault: `${question.flag}: ${outcome.fault}` };
}

/** The flags without which nobody can be spared the questions. */
export function missingFlags(given: Given): string[] {
  const isAsked = (key: Key) => key !== "emergency" && !(key === "members" && given.gateways === "none");
  return KEYS.flatMap((key) => (given[key] === undefined && isAsked(key) ? [ROWS[key].flag] : []));
}

/** A question as the terminal shows it: what to know, what an empty answer means. */
export function promptOf({ key, text, flag, proposed, notes }: Question): string {
  const offer = proposed.length > 0 ? `[${proposed.join(" ")}]` : isNeeded(key) ? "(required)" : "[none]";
  return `${notes.map((note) => `  ${note}\n`).join("")}${text} (${flag}) ${offer}: `;
}

/** Without these there is no file. */
function isNeeded(key: Key): boolean {
  return key === "localnet" || key === "listen";
}

/** Whether `--yes` can't answer it: a file without a PBX or a gateway must be wanted. */
function isMissing({ key, proposed }: Question): boolean {
  return proposed.length === 0 && key !== "members" && key !== "emergency";
}

/** What `--yes` lacks, a line for each flag. */
function refusalOf(draft: Draft, facts: Facts, given: Given): string {
  const open = KEYS.filter((key) => draft[key] === undefined && given[key] === undefined)
    .map((key) => questionOf(key, facts, draft))
    .filter(isMissing);
  // What listen needs is known when all the others are.
  const others = open.filter(({ key }) => key !== "listen");
  const missing = others.length > 0 ? others : open;
  const lines = missing.flatMap(({ key, notes }) => {
    const { flag, value, short } = ROWS[key];
    return [`  ${flag} ${value}`.padEnd(26) + short, ...notes.map((note) => `      ${note}`)];
  });
  return `not found, and --yes guesses nothing; give\n${lines.join("\n")}`;
}

/** PBX and gateway that are given come first: they tell of what isn't a phone. Undefined when all has been answered. */
function nextKey(draft: Draft, given: Given): Key | undefined {
  const isOpen = (key: Key) =>
    draft[key] === undefined && !((key === "members" || key === "emergency") && draft.gateways?.length === 0);
  const early = (["upstream", "gateways"] as const).find((key) => isOpen(key) && given[key] !== undefined);
  return early ?? KEYS.find(isOpen);
}

/**
 * @param isGuessing whether a guess may be proposed, since a person looks at it
 * @returns the question about `key`, with what these facts and answers propose
 */
export function questionOf(key: Key, facts: Facts, draft: Draft, isGuessing = false): Question {
  const { flag, text } = ROWS[key];
  const known = propose(key, facts, draft);
  const proposed = known.length === 0 && isGuessing && key === "gateways" ? guessGateway(facts, draft) : known;
  return { key, flag, text, proposed, notes: notesOf(key, facts, draft, known.length > 0) };
}

function notesOf(key: Key, facts: Facts, draft: Draft, isProposed: boolean): string[] {
  const { network, heard, ways } = facts;
  if (key === "localnet" && !isProposed) {
    const networks = lanNetworks(network);
    const unknown = heard.filter(isUnknown);
    const doubtful = networks.filter((one) => unknown.some(({ address }) => isIn([one], address)));
    const empty = networks.filter((one) => !doubtful.includes(one));
    return [
      ...(empty.length === 0 ? [] : [`No phone was seen in ${empty.join(", ")}.`]),
      ...doubtful.map((one) => {
        const there = unknown.filter(({ address }) => isIn([one], address)).map(({ address }) => address);
        return `Not known to be phones, in ${one}: ${there.join(", ")}.`;
      }),
    ];
  }
  if (key === "localnet") return localnetNotes(facts, propose(key, facts, draft));
  if (key === "members" && draft.upstream?.length !== 0 && facts.kept === undefined) return [RINGS_ALWAYS];
  if (key === "gateways" && !isProposed) {
    return unknownNotes(heard.filter(isUnknown));
  }
  if (key === "upstream" && !isProposed) {
    const domains = heardDomains(facts);
    return domains.length === 0 ? [] : [`Phones register with ${domains.join(", ")}.`];
  }
  if (key !== "listen" || keptAnswer(key, facts, draft).length > 0) return [];
  const unknown = unknownWays(network, draft, ways);
  if (unknown.length > 0) {
    const likely = listenFor(network, ways, draft, true);
    const peers = unknownPeers(network, draft, ways).join(", ");
    const example = likely.length === 0 ? [] : [`Only if ${peers} is behind the default route: ${likely.join(" ")}`];
    return [...unknown.map((one) => `Not known: ${one}.`), ...example];
  }
  if (draft.upstream?.length === 0) {
    return ["Without a PBX the default route's address is a guess: phones' domains may be elsewhere."];
  }
  return [];
}

/** Why each of these networks is proposed: a person sees whether it is the phones' or the gateway's. */
function localnetNotes({ network, heard, kept }: Facts, proposed: readonly string[]): string[] {
  if (kept !== undefined) return [];
  return proposed.map((one) => {
    const told = heard
      .filter((each) => isPhone(each) && isIn([one], each.address))
      .map(({ address, user, agent }) => `${user ?? agent} at ${address}`);
    const made = network.neighbours
      .filter(({ address, vendor }) => vendor !== undefined && isIn([one], address))
      .map(({ address, vendor }) => `${vendor ?? ""} at ${address}`);
    const seen = once([...told, ...(told.length > 0 ? [] : made)]);
    const why = seen.length === 0 ? "the only LAN of this router" : `taken for phones: ${someOf(seen, NAMES_MAX)}`;
    return `${one}: ${why}.`;
  });
}

/** What may be a gateway, a sentence for each name that it goes by. */
function unknownNotes(unknown: readonly Heard[]): string[] {
  const agents = [...new Set(unknown.map(({ agent }) => agent))];
  return agents.map((agent) => {
    const there = [...new Set(unknown.filter((one) => one.agent === agent).map(({ address }) => address))];
    const isOne = there.length === 1;
    const [speaks, tells] = isOne ? ["speaks", "doesn't say what it is"] : ["speak", "don't say what they are"];
    return `${there.join(", ")}: ${speaks} SIP, ${agent === "" ? `${tells}.` : `${agent}; a gateway?`}`;
  });
}

/** @param given as it was typed: words apart by white space or commas; "": what was proposed; "none" */
export function answer(draft: Draft, { key, proposed }: Question, given: string): Outcome {
  const words = given.split(/[\s,]+/).filter((word) => word !== "");
  const values =
    words.length === 0 ? proposed : words.join() === "none" ? NONE : words.map((word) => complete(key, word));
  if (values.length === 0 && isNeeded(key))
    return { fault: `name at least one, such as 10.222.237.${key === "localnet" ? "0/24" : 1}` };
  const next = { ...draft, [key]: values };
  const [fault] = faultsOf(next);
  if (fault !== undefined) return { fault };
  const doubt = values.length === 0 ? DOUBTS[key] : undefined;
  return doubt === undefined ? { draft: next } : { draft: next, doubt };
}

/** What stands before an address. */
const SCHEME = new RegExp(`^(?:(sips?|${PROTOCOLS.join("|")}):)?(.*)$`, "i");

/** Adds what everybody leaves out: schemes, brackets. */
function complete(key: Key, word: string): string {
  const [, scheme = "", rest = ""] = SCHEME.exec(word) ?? [];
  const [, user = "", host = "", more = ""] = /^(.*@)?([^;@]*)(.*)$/.exec(rest) ?? [];
  const version = ipVersion(host);
  const at = `${user}${version === 6 ? `[${host}]` : host}${more}`;
  if (key === "listen") return `${scheme || DEFAULT_PROTOCOL}:${at}`;
  const isUri =
    key === "upstream" || key === "gateways" || (key === "members" && (scheme + user !== "" || version !== 0));
  if (!isUri) return word;
  const transport = scheme.toLowerCase().replace("sips", "tls");
  return `sip:${/^(sip)?$/.test(transport) ? at : `${at.replace(/;transport=[^;]*/gi, "")};transport=${transport}`}`;
}
