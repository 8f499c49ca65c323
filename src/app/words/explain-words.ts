/** What would become of a call, in words. */
import { hostText } from "../../message/uri.ts";
import type { ReplyFacts, Sequel, Step } from "../../policy/explain.ts";
import type { Origin } from "../../policy/origin.ts";
import type { HostMeaning } from "../../policy/request-facts.ts";
import { headOf, phrasesOf } from "../../proxy/plan/condition.ts";
import type { Assumption } from "../assumed-call.ts";
import type { CallFacts } from "../call-facts.ts";
import { exactSpan } from "./times.ts";

const ORIGINS: Readonly<Record<Origin, string>> = {
  localnet: "a phone",
  gateway: "a gateway",
  upstream: "upstream",
  domain: "a domain that a phone has called",
  stranger: "a stranger",
};
const HOSTS: Readonly<Record<HostMeaning, string>> = {
  us: "is this router",
  gateway: "is a gateway",
  home: "is upstream",
  phone: "is a phone's address",
  elsewhere: "is none of this site's",
  none: "is none: the URI has none",
};
/** Up to here a wait is told in seconds alone. */
const SECONDS_MAX_ms = 120_000;

/** The lines of `branchline explain`. */
export function explainText(facts: CallFacts): string {
  const { rule, why, steps, warnings, rules_not_done } = facts;
  const notes = warnings.map(({ text, cure }) => `Warning: ${text}; ${cure}.`);
  const kept = rules_not_done.map(
    ({ gateway, match, number }) =>
      `Note: the rule "${match}" of gateway ${gateway} would leave nothing of ${number}, so the number stays.`,
  );
  const assumed = facts.assumed === undefined ? [] : [assumedWords(facts.to, facts.assumed)];
  const lines = [
    scene(facts),
    ...assumed,
    factsLine(facts),
    ...notes,
    ...kept,
    `Rule ${rule}: ${why}.`,
    ...stepLines(steps, 1, ""),
  ];
  return `${lines.join("\n")}\n`;
}

/** The caller, the number, and how upstream and the gateways are. */
function scene({ from, to, address, gateway, upstream, dead_gateways }: CallFacts): string {
  const caller = gateway === undefined ? from : `gateway ${gateway}`;
  // A gateway without a name is called by its address, and its port where it has one.
  const isAddress = [from, gateway].some(
    (name) => name === address || name?.replace(/:\d+$/, "") === hostText(address),
  );
  const place = isAddress ? "" : ` (${hostText(address)})`;
  const silent = dead_gateways.map((name) => `; gateway ${name} is down`).join("");
  return `${caller}${place} calls ${to}; ${upstreamWords(upstream)}${silent}.`;
}

function upstreamWords({ by, states, force, left_s }: CallFacts["upstream"]): string {
  const names = states.map(({ name, state }) => `${name} is ${state}`).join(", ");
  if (by === "question") return `as if upstream were ${force}`;
  if (by === "file") return `the file forces upstream ${force}`;
  if (by === "nothing") return "branchline isn't running, so upstream is taken to be up";
  const time = left_s === undefined ? "" : ` for another ${exactSpan(left_s)}`;
  return `upstream${force === undefined ? "" : ` (forced ${force}${time})`}: ${names}`;
}

/** How upstream is taken to send the call. */
function assumedWords(to: string, { sent_with, uri, contacts, unaccepted }: Assumption): string {
  const many = contacts > 1 ? ` ${to} has ${contacts} contacts: each gets its own call.` : "";
  switch (sent_with) {
    case "path":
      return `Assumed: upstream sends it to ${uri}, with the Path of the registration of ${to}.${many}`;
    case "contact":
      return `Assumed: upstream sends it to the Contact of ours that ${to} is registered with.${many}`;
    case "uri":
      return `Assumed: upstream sends it to ${uri} without our Path.`;
    case "nothing": {
      const why =
        unaccepted > 0 ? `upstream hasn't accepted the registration of ${to} yet` : `${to} isn't registered here`;
      return `Note: ${why}, so upstream hasn't been told a way to it. Assumed: upstream sends it to ${uri}, without our Path.`;
    }
  }
}

/** What has been found out about a call, in one line. */
function factsLine({ caller, host, number, emergency }: CallFacts): string {
  const called = number === "" ? "no number" : `the number is ${number}`;
  const sent = emergency === number ? "" : `, which gateways get as ${emergency}`;
  const help = emergency === undefined ? "" : `, an emergency number${sent}`;
  const name = host.name === undefined ? "" : ` ${hostText(host.name)}`;
  return `The caller is ${ORIGINS[caller]}; the host${name} ${HOSTS[host.meaning]}; ${called}${help}.`;
}

function stepLines(steps: readonly Step[], first: number, indent: string): string[] {
  return steps.flatMap((step, index) => {
    const number = first + index;
    const line = `${indent}${number}. ${stepWords(step)}`;
    return step.kind === "ask" ? [line, ...sequelLines(step.sequels, number + 1, `${indent}   `)] : [line];
  });
}

/** A way to end that an earlier sequel has told isn't told again. */
function sequelLines(sequels: readonly Sequel[], first: number, indent: string): string[] {
  const said = new Set<string>();
  return sequels.flatMap(({ when, steps }) => {
    const phrases = when.flatMap(phrasesOf).filter((phrase) => !said.has(phrase));
    for (const phrase of phrases) said.add(phrase);
    return [`${indent}${headOf([...new Set(phrases)])}:`, ...stepLines(steps, first, indent)];
  });
}

function stepWords(step: Step): string {
  switch (step.kind) {
    case "reply":
      if (step.reply === undefined) return step.what ?? "answers";
      return [answerWords(step.reply), ...(step.left_out ?? [])].join("; ");
    case "notice":
      return `tells the caller ${step.status} "${step.reason}"${step.hold_ms === 0 ? "" : ` and waits ${wait(step.hold_ms)}`}`;
    case "pause":
      return `makes room: ${step.what ?? ""}`;
    default:
      return askWords(step);
  }
}

function askWords({
  what,
  can_take,
  unasked,
  uris,
  shown_as,
  first_response_ms,
  first_response_least_ms: least_ms,
  ring_ms,
}: Step & { kind: "ask" }): string {
  const whom = what ?? "where the message itself leads";
  if (!can_take)
    return `would ask ${whom}, ${unasked === undefined ? "where nobody is registered" : `but it is ${unasked}`}`;
  const identity = shown_as.length === 0 ? [] : [`the caller shown as ${shown_as.join(", ")}`];
  const details = [...uris, ...(uris.length === 0 ? [] : identity)].join(", ");
  const place = details === "" ? "" : ` (${details})`;
  const patience =
    first_response_ms === undefined
      ? ""
      : least_ms === undefined
        ? `, waits up to ${wait(first_response_ms)} for a first response`
        : `, waits for a first response for what is left of ${wait(first_response_ms)}, ${wait(least_ms)} at least`;
  if (ring_ms === undefined) return `asks ${whom}${place}${patience}`;
  return `rings ${whom}${place} for up to ${wait(ring_ms)}${patience}`;
}

function answerWords({ status, reason, headers }: ReplyFacts): string {
  return `answers ${[`${status}${reason === undefined ? "" : ` ${reason}`}`, ...headers].join(", ")}`;
}

/** "4 s", "500 ms", "5 min". */
function wait(duration_ms: number): string {
  if (duration_ms % 1_000 !== 0) return `${duration_ms} ms`;
  return duration_ms <= SECONDS_MAX_ms ? `${duration_ms / 1_000} s` : exactSpan(duration_ms / 1_000);
}
