/** The pair as the branchline that runs sees it: the other member, the shared addresses, upstream, both files, clocks, long datagrams. */
import { type ClusterFacts, type MemberFacts, SETTLED_s } from "../../app/cluster-facts.ts";
import type { Config } from "../../app/config/config.ts";
import type { RunningStatus } from "../../app/control.ts";
import { canonicalAddress } from "../../base/ip-range.ts";
import { type Facts, fault, ok, skipped, type Verdict, warning } from "./facts.ts";
import { notSeen, restartCure } from "./running.ts";
import { NO_PAIR } from "./vrrp.ts";

/** Clocks that differ by more tell different stories in logs; tokens of gateways' calls may be off by so much. */
const APART_s = 30;
/** A VRRP that follows the health file has given the addresses away by then: EdgeOS' looks once a second, and commits. */
const FOLLOWS_s = 60;

export function pair(facts: Facts, config: Config): Verdict[] {
  if (config.cluster === undefined) return [ok(NO_PAIR)];
  const { status } = facts;
  if (status === undefined) return [notSeen(facts)];
  const { cluster } = status;
  if (cluster === undefined) {
    return [warning("the branchline that runs is in no pair: it was started with another file", [restartCure(facts)])];
  }
  const { members } = cluster;
  return [
    ...own(cluster),
    ...members.map((member) => life(member, cluster, status.version)),
    ...held(cluster),
    ...members.flatMap((member) => upstreamAt(member, cluster, status)),
    ...members.flatMap((member) => (member.life === "alive" ? agreed(member) : [])),
    ...connections(config),
  ];
}

/** This member: whether it works, and can say so. */
function own({ name, state, why, health_file, health_error }: ClusterFacts): Verdict[] {
  const known = { member: name, state, health_file };
  const verdicts: Verdict[] = [];
  if (health_error !== undefined) {
    const harm = `${health_file} can't be written (${health_error}): VRRP doesn't know how branchline is`;
    const folder = health_file.replace(/\/[^/]*$/, "") || "/";
    verdicts.push(
      fault(harm, [`ls -ld ${folder}`, "# cluster.health_file: a path that branchline's user can write"], known),
    );
  }
  if (state === "draining" || state === "drained") {
    verdicts.push(warning(`${name}, this router, is ${state}: it takes no new calls`, ["branchline join"], known));
  } else if (state !== "active") {
    verdicts.push(
      warning(`${name}, this router, is ${state} (${why}): it takes no calls yet`, ["branchline status"], known),
    );
  }
  return verdicts.length > 0 ? verdicts : [ok(`${name}, this router, is active`, known)];
}

const NOT_ALIVE = { unheard: "hasn't been heard yet", dead: "is dead", left: "was stopped", alive: "" } as const;

/** Whether the other one could take over. */
function life(member: MemberFacts, { dropped }: ClusterFacts, version: string): Verdict {
  const { name, at, why, state, life: is } = member;
  const known = { member: name, at, life: is, state: state ?? null, version: member.version ?? null };
  if (is !== "alive") {
    const { forged = 0, own_name = 0, unknown_sender = 0, other_address = 0 } = dropped;
    const hints = [
      ...(forged > 0
        ? ["# datagrams with another secret have come: copy the secret to both members, and restart branchline"]
        : []),
      ...(own_name > 0
        ? ["# datagrams with this router's own name have come: each file needs its own cluster.name"]
        : []),
      ...(other_address > 0
        ? [
            "# datagrams from an address that isn't the other member's in cluster.members have come: does a NAT change it?",
          ]
        : []),
      ...(unknown_sender > 0 ? ["# datagrams of a name that isn't in cluster.members have come"] : []),
    ];
    const text = `${name} (${at}) ${NOT_ALIVE[is]}${is === "unheard" ? "" : ` (${why})`}: no other router goes on if this one fails`;
    const host = at.replace(/:\d+$/, "").replace(/[[\]]/g, "");
    const firewall = `# is branchline started there? do both firewalls accept UDP to port ${at.replace(/.*:/, "")}?`;
    return warning(text, [`ping -c 3 ${host}`, ...hints, firewall], known);
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

/** Whether exactly one of the members has the shared addresses. */
function held({ name, state, since_s, is_healthy, shared, members }: ClusterFacts): Verdict[] {
  const all = shared.map(({ address }) => address);
  const here = shared.filter(({ is_here }) => is_here).map(({ address }) => address);
  const alive = members.filter((member) => member.life === "alive");
  const holders = alive.filter(({ has_address }) => has_address === true).map((member) => member.name);
  const known = { addresses: all, here, holders: [...(here.length === all.length ? [name] : []), ...holders] };
  const words = all.join(", ");
  const isOrAre = all.length === 1 ? "is" : "are";
  const log = "# look into the log of keepalived, or of the router's VRRP";
  if (here.length > 0 && here.length < all.length) {
    const text = `of ${words}, only ${here.join(", ")} ${here.length === 1 ? "is" : "are"} here: the shared addresses must move together`;
    return [fault(text, ["ip address", "# put them into one sync group of VRRP"], known)];
  }
  if (here.length > 0 && holders.length > 0) {
    const text = `${name} and ${holders.join(", ")} both hold ${words}: phones and gateways reach now one, now the other`;
    return [fault(text, ["# let both firewalls accept IP protocol 112 (VRRP) from the other member", log], known)];
  }
  if (here.length > 0) {
    const isRelieved = alive.some((member) => member.state === "active");
    if (!is_healthy && state !== "active" && isRelieved && since_s >= FOLLOWS_s) {
      const text = `${words} ${isOrAre} still here although the health file has said no for ${since_s} s: VRRP doesn't follow it`;
      return [fault(text, ["branchline doctor --only vrrp", log], known)];
    }
    return [ok(`${name}, this router, holds ${words}`, known)];
  }
  if (holders.length > 0) return [ok(`${holders.join(", ")} holds ${words}`, known)];
  if (alive.some(({ has_address }) => has_address === undefined)) {
    return [skipped(`${words} ${isOrAre}n't here, and the other member doesn't say whether it is there`, known)];
  }
  const text = alive.length > 0 ? `no member holds ${words}` : `${words} ${isOrAre}n't here, and no other member lives`;
  if (since_s < SETTLED_s) {
    const wait = `VRRP moves them some seconds after a start, and ${name} has been ${state} for ${since_s} s`;
    return [skipped(`${text}: ${wait}; ask again`, known)];
  }
  return [fault(`${text}: phones reach nothing`, ["branchline doctor --only vrrp", "ip address", log], known)];
}

/** Whether each member has a way to upstream. */
function upstreamAt(member: MemberFacts, cluster: ClusterFacts, { upstream }: RunningStatus): Verdict[] {
  const { upstream_at, hand_over } = cluster;
  if (member.life !== "alive") return [];
  const { name, upstream: there } = member;
  const known = { member: name, upstream_answers: there?.answers ?? null, upstream_at: upstream_at ?? null };
  if (upstream_at === name) {
    const does =
      hand_over === "wan"
        ? "this router gives the shared addresses away"
        : "cluster.hand_over: wan would give the addresses away";
    const text = `upstream is silent here and answers ${name}: the WAN of this router is cut; ${does}`;
    return [warning(text, ["branchline doctor --only upstream,listen,routes"], known)];
  }
  if (there === undefined) {
    return [
      skipped(`whether upstream answers ${name} isn't known: does its listen have an address of its own?`, known),
    ];
  }
  if (there.answers) return [ok(`upstream answers ${name}`, known)];
  const isHere = upstream.some(({ observed }) => observed === "up");
  if (!isHere) return [warning(`upstream answers neither member`, ["branchline doctor --only upstream"], known)];
  const text = `upstream has been silent at ${name} for ${there.for_s} s, and answers here: the WAN of ${name} is cut`;
  return [warning(text, [`# on ${name}: branchline doctor --only upstream,listen,routes`], known)];
}

/** What a pair needs besides: equal files, clocks that agree, a way for long datagrams. */
function agreed(member: MemberFacts): Verdict[] {
  return [files(member), clocks(member), ...lengths(member)];
}

function files({ name, differs }: MemberFacts): Verdict {
  const known = { member: name, differs: [...differs] };
  if (differs.length === 0) return ok(`the file of ${name} agrees with this one`, known);
  const text = `the file of ${name} has another ${differs.join(", ")}: after a move calls go other ways`;
  return warning(text, ["# make these keys equal in both files, then branchline reload on both"], known);
}

function clocks({ name, clock_ahead_s }: MemberFacts): Verdict {
  const known = { member: name, ahead_s: clock_ahead_s ?? null };
  if (clock_ahead_s === undefined) return skipped(`${name} doesn't say what time it has`, known);
  const apart_s = Math.abs(clock_ahead_s);
  if (apart_s <= APART_s) return ok(`the clock of ${name} agrees with this one`, known);
  const text = `the clock of ${name} is ${apart_s} s ${clock_ahead_s > 0 ? "ahead of" : "behind"} this one`;
  const harm = "marks of gateways' calls say when they were made, and end too early or too late after a move";
  return warning(`${text}: ${harm}`, ["date", "# let both members have their time by NTP"], known);
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

/** Connections to a shared address end with a move. */
function connections({ listeners, cluster }: Config): Verdict[] {
  const shared = cluster?.shared.map(({ address }) => address) ?? [];
  const streams = listeners.filter(
    ({ transport, settings }) => transport.layer !== "udp" && shared.includes(canonicalAddress(settings.at)),
  );
  const names = streams.map(({ name }) => name);
  if (names.length === 0) return [];
  const text = `${names.join(", ")} end with a move of the addresses: phones connect again by themselves`;
  return [ok(text, { listen: names })];
}
