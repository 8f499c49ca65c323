/** Members behind one anycast address, as the branchline that runs sees them: this one, the others, upstream at each. */
import type { ClusterFacts, MemberFacts } from "../../app/cluster-facts.ts";
import type { Config } from "../../app/config/config.ts";
import type { RunningStatus } from "../../app/control.ts";
import { routeFaultText } from "../../app/words/anycast-words.ts";
import { type Facts, fault, ok, skipped, type Verdict, warning } from "./facts.ts";
import { agreed, life } from "./member-verdicts.ts";
import { notSeen, restartCure } from "./running.ts";
import { NO_PAIR } from "./vrrp.ts";

/** What is told of a pair. */
export const NOT_ANYCAST = "the file has no anycast address";

export function members(facts: Facts, config: Config): Verdict[] {
  if (config.cluster === undefined) return [ok(NO_PAIR)];
  if (config.cluster.mode !== "anycast") return [ok(NOT_ANYCAST)];
  const { status } = facts;
  if (status === undefined) return [notSeen(facts)];
  const { cluster } = status;
  if (cluster?.mode !== "anycast") {
    const text = "the branchline that runs has no anycast address: it was started with another file";
    return [warning(text, [restartCure(facts)])];
  }
  const others = cluster.members;
  const isAnyAlive = others.some((member) => member.life === "alive");
  const harm = `${isAnyAlive ? "one member fewer" : "no other member"} goes on if this one fails`;
  return [
    own(cluster),
    ...others.map((member) => life(member, cluster, status.version, harm)),
    ...upstreamAt(cluster, status),
    ...others.flatMap((member) => (member.life === "alive" ? agreed(member, cluster, HARM) : [])),
  ];
}

const HARM = "a call goes another way when another member has it";

function own({ name, state, why, calls }: ClusterFacts): Verdict {
  const known = { member: name, state, calls: calls?.active ?? null };
  if (state === "active") return ok(`${name}, this member, is active`, known);
  if (state === "draining" || state === "drained") {
    return warning(`${name}, this member, is ${state}: it takes no new calls`, ["branchline join"], known);
  }
  return warning(`${name}, this member, is ${state} (${why}): it takes no calls yet`, ["branchline status"], known);
}

/** Upstream as each member sees it: a call is made by the member that its Call-ID says, whoever has the better way. */
function upstreamAt({ members: others }: ClusterFacts, { upstream }: RunningStatus): Verdict[] {
  const alive = others.filter(({ life: is }) => is === "alive");
  const answered = alive.filter((one) => one.upstream?.answers === true).map(({ name }) => name);
  const isHere = upstream.some(({ observed }) => observed === "up");
  const isSilentHere = upstream.length > 0 && upstream.every(({ observed }) => observed === "down");
  const found: Verdict[] = [];
  if (isSilentHere && answered.length > 0) {
    const text = `upstream is silent here and answers ${answered.join(", ")}: the way from this member to it is cut, and its calls find the gateways alone`;
    found.push(warning(text, ["branchline doctor --only upstream,listen,routes"], { upstream_at: answered }));
  }
  for (const member of alive) found.push(...silentAt(member, isHere));
  return found;
}

function silentAt({ name, upstream }: MemberFacts, isHere: boolean): Verdict[] {
  if (upstream === undefined) return [skipped(`whether upstream answers ${name} isn't known`, { member: name })];
  const known = { member: name, upstream_answers: upstream.answers };
  if (upstream.answers) return [ok(`upstream answers ${name}`, known)];
  if (!isHere) return [];
  const text = `upstream has been silent at ${name} for ${upstream.for_s} s, and answers here: the way from ${name} to it is cut`;
  return [warning(text, [`# on ${name}: branchline doctor --only upstream,listen,routes`], known)];
}

/** Why a route's command has failed, and whether the health file can be written. */
export function told({ name, route, health_file, health_error }: ClusterFacts): Verdict[] {
  const found: Verdict[] = [];
  const text = route && routeFaultText(name, route);
  if (text !== undefined) {
    const cure = "# as branchline's user, run the command of cluster.route by hand";
    found.push(fault(text, [cure], { wish: route?.wish ?? null, error: route?.error ?? null }));
  }
  if (health_error !== undefined) {
    const folder = health_file.replace(/\/[^/]*$/, "") || "/";
    const text = `${health_file} can't be written (${health_error}): a watchdog that reads it takes ${name} for a member that hangs`;
    const cure = "# cluster.health_file: a path that branchline's user can write";
    found.push(fault(text, [`ls -ld ${folder}`, cure], { health_file }));
  }
  return found;
}
