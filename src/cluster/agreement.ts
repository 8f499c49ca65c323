/**
 * What has to be equal in the files of all members, and whether it is: localnet, gateways, upstream, numbers for emergencies, hunt groups, the
 * secret. Members tell each other a digest of each subject, so a difference is named on both, and nothing of a file leaves the router: without
 * the cluster's secret nobody can try what a digest was made of.
 */
import { ownText } from "../base/own-text.ts";
import type { Logger } from "../base/ports.ts";
import { fieldsOf } from "./envelope.ts";
import type { Json, Sign } from "./ports.ts";

/** By subject, as an operator knows it ("gateways"): what is compared. */
export type Subjects = Readonly<Record<string, Json>>;

type Digests = ReadonlyMap<string, string>;

/** Subjects of a member that are read, and how long their names and digests may be. */
const SUBJECTS_MAX = 32;
const NAME_MAX = 32;

export class Agreement {
  private readonly log: Logger;
  private readonly signs: readonly [Sign, ...Sign[]];
  /** Under each secret: while secrets change, the other member may still use the one before. */
  private own: readonly Digests[] = [];
  /** Our digests, for our beats. */
  digests: Json = {};
  /** The same, to be compared. */
  text = "";
  private readonly told = new Map<string, readonly string[]>();

  /** @param signs by the secret of our own digests first; behind it the one that is believed besides */
  constructor(subjects: Subjects, signs: readonly [Sign, ...Sign[]], log: Logger) {
    this.log = log;
    this.signs = signs;
    this.replace(subjects);
  }

  /** After a reload of the configuration. What differs now, the next beats tell. */
  replace(subjects: Subjects): void {
    this.own = this.signs.map((sign) => digestsOf(subjects, sign));
    const digests: Record<string, string> = {};
    for (const [subject, digest] of this.own[0] ?? []) digests[subject] = digest;
    this.digests = digests;
    this.text = JSON.stringify(digests);
  }

  /** Compares what a beat of a member says, and logs each change of what differs. */
  compare(member: string, digests: Json | undefined): void {
    const before = this.differences(member);
    const now = this.differingIn(digests);
    if (before.join() === now.join()) return;
    this.told.set(member, now);
    if (now.length > 0) this.log.warn("cluster_differs", { member, subjects: now.join(", ") });
    else this.log.info("cluster_agrees", { member });
  }

  /** The subjects that differ from a member's, sorted; those that only one of both knows don't. */
  differences(member: string): readonly string[] {
    return this.told.get(member) ?? [];
  }

  private differingIn(digests: Json | undefined): string[] {
    const theirs = fieldsOf(digests) ?? {};
    const subjects = Object.keys(theirs)
      .slice(0, SUBJECTS_MAX)
      .filter((name) => name.length <= NAME_MAX && this.own[0]?.has(name) === true);
    return subjects
      .filter((name) => !this.own.some((digests) => digests.get(name) === theirs[name]))
      .map(ownText)
      .sort();
  }
}

function digestsOf(subjects: Subjects, sign: Sign): Digests {
  return new Map(Object.entries(subjects).map(([subject, value]) => [subject, digestOf(value, sign)]));
}

/** The same for equal values, in whatever order their fields stand. No datagram's signature is one: its text begins with a member's line. */
export function digestOf(value: Json, sign: Sign): string {
  return sign(`agreement\n${canonical(value)}`);
}

/** JSON with sorted keys; a field that is undefined is no field. */
function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const fields = fieldsOf(value);
  if (fields === undefined) return JSON.stringify(value);
  const keys = Object.keys(fields).sort();
  const pairs = keys.flatMap((key) => {
    const field = fields[key];
    return field === undefined ? [] : [`${JSON.stringify(key)}:${canonical(field)}`];
  });
  return `{${pairs.join(",")}}`;
}
