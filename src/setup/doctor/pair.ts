/** The pair as the branchline that runs sees it: the other member, the shared addresses, upstream, both files, clocks, long datagrams. */
import { type ClusterFacts, type MemberFacts, SETTLED_s } from "../../app/cluster-facts.ts";
import type { Config } from "../../app/config/config.ts";
import type { RunningStatus } from "../../app/control.ts";
import { canonicalAddress } from "../../base/ip-range.ts";
import { type Facts, fault, ok, skipped, type Verdict, warning } from "./facts.ts";
import { agreed, life } from "./member-verdicts.ts";
import { notSeen, restartCure } from "./running.ts";
import { NO_PAIR, NOT_A_PAIR } from "./vrrp.ts";

/** A VRRP that follows the health file has given the addresses away by then: EdgeOS' looks once a second, and commits. */
const FOLLOWS_s = 60;

export function pair(facts: Facts, config: Config): Verdict[] {
  if (config.cluster === undefined) return [ok(NO_PAIR)];
  if (config.cluster.mode === "anycast") return [ok(NOT_A_PAIR)];
  const { status } = facts;
  if (status === undefined) return [notSeen(facts)];
  const { cluster } = status;
  if (cluster === undefined) {
    return [warning("the branchline that runs is in no pair: it was started with another file", [restartCure(facts)])];
  }
  const { members } = cluster;
  return [
    ...own(cluster),
    ...members.map((member) => life(member, cluster, status.version, "no other router goes on if this one fails")),
    ...held(cluster),
    ...members.flatMap((member) => upstreamAt(member, cluster, status)),
    ...members.flatMap((member) =>
      member.life === "alive" ? agreed(member, cluster, "after a move calls go other ways") : [],
    ),
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
