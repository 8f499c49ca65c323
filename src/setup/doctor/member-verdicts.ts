/** What doctor says of another member, whatever the members share: whether it lives, agrees, and gets long datagrams. */
import type { ClusterFacts, MemberFacts } from "../../app/cluster-facts.ts";
import type { Rows } from "../../app/config/key-kinds.ts";
import { KEYS } from "../../app/config/sections.ts";
import { heardWords } from "../../app/words/member-words.ts";
import { fault, ok, skipped, type Verdict, warning } from "./facts.ts";

/** Clocks that differ by more tell different stories in logs; tokens of gateways' calls may be off by so much. */
const APART_s = 30;

const NOT_ALIVE = { unheard: "hasn't been heard yet", dead: "is dead", left: "was stopped", alive: "" } as const;

/** Whether it could take over. @param harm of one that can't, as a clause */
export function life(member: MemberFacts, { dropped }: ClusterFacts, version: string, harm: string): Verdict {
  const { name, at, why, state, life: is, heard_by } = member;
  const known = {
    member: name,
    at,
    life: is,
    state: state ?? null,
    version: member.version ?? null,
    ...(heard_by === undefined ? {} : { heard_by }),
  };
  if (is !== "alive") {
    const hints = hintsOf(dropped);
    const heard = heardWords(member);
    const what =
      heard === undefined
        ? `${NOT_ALIVE[is]}${is === "unheard" ? "" : ` (${why})`}: ${harm}`
        : `isn't heard here, and ${heard}: the way from here to it is cut`;
    const host = at.replace(/:\d+$/, "").replace(/[[\]]/g, "");
    const port = at.replace(/.*:/, "");
    const firewall = `# is branchline started there? do both firewalls accept UDP to port ${port}?`;
    return warning(`${name} (${at}) ${what}`, [`ping -c 3 ${host}`, ...hints, firewall], known);
  }
  if (state === undefined) return skipped(`${name} is alive, and its version doesn't say what it does`, known);
  if (state !== "active") {
    const how = state === "syncing" ? "branchline status" : "branchline join";
    return warning(`${name} is ${state}: it takes no calls if this router fails`, [`# on ${name}: ${how}`], known);
  }
  if (member.version !== version) {
    const text = `${name} runs branchline ${member.version ?? "of an unknown version"}, this router ${version}`;
    return warning(`${text}: what only the newer one knows isn't copied`, ["# upgrade the older one"], known);
  }
  return ok(`${name} (${at}) is alive and active`, known);
}

function hintsOf({ forged = 0, own_name = 0, unknown_sender = 0, other_address = 0 }: ClusterFacts["dropped"]) {
  return [
    ...(forged > 0
      ? ["# datagrams with another secret have come: copy the secret to all members, and restart branchline"]
      : []),
    ...(own_name > 0
      ? ["# datagrams with this router's own name have come: each file needs its own cluster.name"]
      : []),
    ...(other_address > 0
      ? ["# datagrams from an address that isn't another member's in cluster.members have come: does a NAT change it?"]
      : []),
    ...(unknown_sender > 0 ? ["# datagrams of a name that isn't in cluster.members have come"] : []),
  ];
}

/** What members need besides: equal files, clocks that agree, a way for long datagrams. @param harm of other files, as a clause */
export function agreed(member: MemberFacts, { mode }: ClusterFacts, harm: string): Verdict[] {
  return [files(member, mode !== "anycast", harm), clocks(member), ...lengths(member)];
}

function files({ name, differs }: MemberFacts, isPair: boolean, harm: string): Verdict {
  const known = { member: name, differs: [...differs] };
  if (differs.length === 0) return ok(`the file of ${name} agrees with this one`, known);
  const text = `the file of ${name} has another ${differs.join(", ")}: ${harm}`;
  const equal = `# make these keys equal in ${isPair ? "both files" : "the files of all members"}`;
  const how = differs.some(isLasting)
    ? "restart branchline where you have changed its file, one member after the other"
    : `branchline reload on ${isPair ? "both" : "each"}`;
  return warning(text, [`${equal}, then ${how}`], known);
}

/** Whether a reload doesn't take the key over. */
function isLasting(key: string): boolean {
  return key === "secret" || (KEYS as Rows)[key]?.effect === "restart";
}

function clocks({ name, clock_ahead_s }: MemberFacts): Verdict {
  const known = { member: name, ahead_s: clock_ahead_s ?? null };
  if (clock_ahead_s === undefined) return skipped(`${name} doesn't say what time it has`, known);
  const apart_s = Math.abs(clock_ahead_s);
  if (apart_s <= APART_s) return ok(`the clock of ${name} agrees with this one`, known);
  const text = `the clock of ${name} is ${apart_s} s ${clock_ahead_s > 0 ? "ahead of" : "behind"} this one`;
  const harm = "marks of gateways' calls say when they were made, and end too early or too late at another member";
  return warning(`${text}: ${harm}`, ["date", "# let all members have their time by NTP"], known);
}

/** As the members try it themselves, in this direction. */
function lengths({ name, at, lengths: found = [] }: MemberFacts): Verdict[] {
  const lost = found.filter(({ arrives }) => arrives === false).map(({ octets }) => octets);
  const passed = found.filter(({ arrives }) => arrives === true).map(({ octets }) => octets);
  const known = {
    member: name,
    at,
    arrived_octets: Math.max(0, ...passed),
    lost_octets: lost.length === 0 ? null : Math.min(...lost),
  };
  if (lost.length > 0) {
    const why = passed.length > 1 ? "IP fragments are lost on the way" : "the MTU of the way there is small";
    const text = `datagrams of ${Math.min(...lost)} octets don't reach ${name}: ${why}, and long calls and records aren't copied`;
    return [
      fault(text, ["# raise the MTU between the members, or let IP fragments pass in each firewall on the way"], known),
    ];
  }
  if (found.length === 0 || passed.length < found.length) {
    return [skipped(`whether long datagrams reach ${name} isn't known yet, or its version doesn't tell`, known)];
  }
  return [ok(`datagrams of ${Math.max(...passed)} octets reach ${name}`, known)];
}
