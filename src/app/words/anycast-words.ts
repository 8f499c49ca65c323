/** Members behind one anycast address, in words. */
import { bad, doubtful } from "../../base/ink.ts";
import type { ClusterFacts, MemberFacts, RouteFacts } from "../cluster-facts.ts";
import { counted, someOf } from "./lines.ts";
import { callsWords, heardWords, memberWords, ownWords, programWords } from "./member-words.ts";
import type { Reader } from "./times.ts";

/** This member, the others, and what is wrong. */
export function anycastLines(cluster: ClusterFacts, now: string | undefined, reader: Reader): string[] {
  const { calls, members } = cluster;
  return [
    `Anycast: ${ownWords(cluster, now, reader)}${routeWords(cluster)}${callsWords(calls)}`,
    ...members.map(
      (one) => `${memberWords(one, now, reader)}${wayWords(one)}${callsWords(one.calls)}${programWords(one)}`,
    ),
    ...warnings(cluster),
  ];
}

const DONE = { announce: "announced", withdraw: "withdrawn" } as const;

/** "; its route is announced"; nothing where no command makes it. */
export function routeWords({ route }: Pick<ClusterFacts, "route">): string {
  if (route?.wish === undefined) return "";
  return `; its route ${route.is_done ? "is" : "isn't"} ${DONE[route.wish]}${route.is_done ? "" : " yet"}`;
}

/** Of one that only others hear. */
function wayWords(member: MemberFacts): string {
  const heard = heardWords(member);
  return heard === undefined ? "" : `; ${heard}: what is for it goes that way`;
}

function warnings(cluster: ClusterFacts): string[] {
  const { name, members, upstream_at, health_file, health_error, untold } = cluster;
  const lines = routeFault(cluster);
  if (upstream_at !== undefined)
    lines.push(
      `${doubtful("WARNING")}: upstream is silent here and answers ${upstream_at}; is the way from ${name} to upstream cut?`,
    );
  if (health_error !== undefined)
    lines.push(
      `${bad("FAULT")}: ${health_file} can't be written (${health_error}): a watchdog that reads it takes ${name} for a member that hangs`,
    );
  if (untold !== undefined && untold.too_long > 0)
    lines.push(
      `${doubtful("WARNING")}: ${counted(untold.too_long, "message")} stayed here that ${untold.too_long === 1 ? "is" : "are"} another member's, being too long to be sent on: let the router balance by flow`,
    );
  for (const { name: other, differs } of members) {
    if (differs.length > 0)
      lines.push(
        `${doubtful("WARNING")}: the files of ${name} and ${other} differ in ${someOf(differs, differs.length)}`,
      );
  }
  return lines;
}

function routeFault({ name, route }: ClusterFacts): string[] {
  const fault = route && routeFaultText(name, route);
  return fault === undefined ? [] : [`${bad("FAULT")}: ${fault}`];
}

/** Why the last command for the route has failed, and the harm; undefined: it hasn't. */
export function routeFaultText(name: string, { wish, error }: RouteFacts): string | undefined {
  if (wish === undefined || error === undefined) return undefined;
  const harm =
    wish === "withdraw" ? `packets go on coming to ${name}, which passes them on` : `no packets come to ${name}`;
  return `the route can't be ${DONE[wish]} (${error}): ${harm}`;
}

/** What `join` says of a member that takes calls, or doesn't yet. */
export function takesCallsWords({ state, route }: ClusterFacts): string {
  if (state !== "active") return "it takes no calls yet";
  return route?.is_done === false ? "it takes calls, and its route isn't announced yet" : "it takes calls";
}
