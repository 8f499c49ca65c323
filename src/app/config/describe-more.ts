/** More of what a configuration will do, in words: where it says something else than a file that leaves it out. */
import { extensionsOf } from "../../policy/numbers/own-numbers.ts";
import { NEXT_LEAST_ms } from "../../policy/plan.ts";
import type { Site } from "../../policy/site.ts";
import { spoken } from "./durations.ts";

/** Begins a sentence of `describe` that names what is valid, but perhaps not meant. */
export const WARNING = "Warning: ";

/** What phones are told when the file doesn't say it. */
const EXPIRES_CAP_ms = 300_000;

/** How long several targets are waited for that share `timer_ms`: "4 s (1 s more for its further targets)". */
export function waitText(timer_ms: number, targets: number): string {
  const least_ms = Math.min(NEXT_LEAST_ms, timer_ms);
  const more = targets > 1 ? ` (${spoken((targets - 1) * least_ms)} more for its further targets)` : "";
  return `${spoken(timer_ms)}${more}`;
}

/** Upstream is what the file says, whatever it answers. */
export function forcedLines({ upstream, registration, gateways }: Site): string[] {
  const targets = upstream.targets.map((uri) => uri.text).join(", then ");
  const where = targets === "" ? "the domain in each Request-URI" : targets;
  if (upstream.force === "up") {
    return [
      `Forced up (upstream.force): sends the phones' requests to ${where}, whatever its probes say.`,
      `Probes upstream every ${spoken(upstream.probe.interval_ms)}, for the status alone.`,
    ];
  }
  const lines = [
    "Forced down (upstream.force): this site works on its own. Calls, registrations and other requests of phones don't go to upstream, and upstream isn't waited for.",
    ...(gateways.length > 0 ? ["Calls of phones to outside numbers go to the gateway at once."] : []),
  ];
  if (registration.unknown === "localnet") return lines;
  const harm =
    registration.unknown === "none"
      ? "no phone's REGISTER is answered here"
      : "only phones that have been seen before are answered here: after a fresh start none, and all get 503";
  return [...lines, `${WARNING}upstream.force is down, and ${harm}; add registration: {unknown: localnet}.`];
}

/** Which phones are answered in an outage, and what else isn't as usual. */
export function registrationLines({ registration, localnet, upstream }: Site): string[] {
  const { mode, expires_cap_ms, unknown } = registration;
  const lines: string[] = [];
  if (mode === "contact")
    lines.push("Registers phones at upstream with its own address as their Contact, without Path.");
  if (expires_cap_ms !== EXPIRES_CAP_ms) lines.push(`Lets phones register for ${spoken(expires_cap_ms)} at the most.`);
  const when = upstream.force === "down" ? "" : "In an outage, ";
  const ranges = localnet.ranges.map(({ text }) => text).join(", ");
  if (unknown === "localnet")
    lines.push(sentence(`${when}answers the REGISTER of every phone in ${ranges}, also of one never seen before.`));
  if (unknown === "none") lines.push(sentence(`${when}answers no phone's REGISTER.`));
  return [...lines, ...copyLines(registration)];
}

function copyLines({ copies: { to, from } }: Site["registration"]): string[] {
  const places = to.map(({ text }) => text).join(", ");
  const lines = to.length === 0 ? [] : [`Copies the REGISTER of each phone that has got 200 to ${places}.`];
  if (from.length === 0) return lines;
  const senders = from.join(" or ");
  return [
    ...lines,
    `Takes a REGISTER from ${senders} as a copy of a phone's, by that address alone, without a password.`,
  ];
}

/** What numbers mean here, and how they leave. */
export function numberLines(site: Site): string[] {
  const { extensions, gateways } = site;
  const { suffix_digits } = extensions;
  const lines: string[] = [];
  if (suffix_digits !== undefined) {
    lines.push(
      `In an outage, a number means a phone where one of both numbers ends with the other, the shorter having at least ${suffix_digits} digits.`,
    );
    if (!areLong(extensionsOf(site), suffix_digits)) {
      lines.push(
        `${WARNING}extensions.suffix_digits: ${suffix_digits} works both ways: while upstream is down, an outside number that ends with the number of a phone of at least ${suffix_digits} digits rings that phone; ` +
          "use extensions.aliases or extensions.prefixes where phones register short numbers.",
      );
    }
  }
  for (const { name, called, calling } of gateways) {
    const rules = [
      ...called.map(({ match, replace }) => `"${match.source}" to "${replace}"`),
      ...calling.map(({ match, replace }) => `the caller's "${match.source}" to "${replace}"`),
    ];
    if (rules.length > 0)
      lines.push(`Rewrites numbers for ${name}, by the first rule that matches: ${rules.join(", ")}.`);
  }
  return lines;
}

/** An outside number that ends with a number as long as this means that very phone. */
const TRUNK_DIGITS = 3;

/** Whether the file names extensions, and each has the digits of a trunk's number before those that phones dial. */
function areLong(extensions: readonly string[], suffix_digits: number): boolean {
  return extensions.length > 0 && extensions.every((one) => one.length >= suffix_digits + TRUNK_DIGITS);
}

/** Which numbers leave by which gateways, where the file says it. A gateway of a carrier is one for all other numbers too. */
export function carrierLines({ gateways, gatewaySettings: { carriers }, emergency }: Site): string[] {
  if (carriers.length === 0) return [];
  const inOrder = [...gateways].sort((one, other) => one.priority - other.priority).map(({ name }) => name);
  const help = emergency.numbers.length > 0 ? ", and emergency calls that these don't take," : "";
  return [
    ...carriers.map(
      (one) =>
        `Numbers that begin with ${one.prefixes.join(" or ")} leave by ${one.gateways.join(", then ")} alone (carrier ${one.name}).`,
    ),
    `All other outside numbers${help} may leave by each gateway: ${inOrder.join(", ")}.`,
  ];
}

/** How many calls each gateway carries. */
export function channelLines({ gateways }: Site): string[] {
  return gateways.flatMap(({ name, channels }) => {
    if (channels === undefined) return [];
    return [`Sends at most ${channels} ${channels === 1 ? "call" : "calls"} at once to ${name}.`];
  });
}

function sentence(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
