/** Whether upstream answers at another member while it is silent here: then it is our own line that is cut. */
import type { Logger } from "../base/ports.ts";
import type { OwnFacts } from "./member-facts.ts";
import type { Member } from "./members.ts";

/** The first live member that takes calls, and at which upstream answers; undefined where upstream isn't known to be silent here. */
export function upstreamAt(own: OwnFacts, members: Iterable<Member>): string | undefined {
  if (own.upstream?.answers !== false) return undefined;
  const isWay = ({ isAlive, facts }: Member) =>
    isAlive && facts?.state === "active" && facts.upstream?.answers === true;
  return [...members].find(isWay)?.name;
}

export class UpstreamElsewhere {
  member: string | undefined = undefined;
  private readonly log: Logger;

  constructor(log: Logger) {
    this.log = log;
  }

  /** @returns whether that is news */
  look(member: string | undefined): boolean {
    if (member === this.member) return false;
    this.member = member;
    if (member !== undefined) this.log.warn("cluster_upstream_elsewhere", { member });
    else this.log.info("cluster_upstream_shared", {});
    return true;
  }
}
