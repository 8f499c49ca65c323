/** Hunt groups: from a group to the stages that ring its members (RFC 3261 §16.7). */
import type { Condition } from "../../proxy/plan/condition.ts";
import type { RoutedRequest, Stage, Target } from "../../proxy/router.ts";
import { hopOf } from "../../transport/locator.ts";
import type { Gateways } from "../gateways/gateways.ts";
import type { Upstreams } from "../peers/upstreams.ts";
import type { AddressOfRecord } from "../phones/bindings.ts";
import type { Registrar } from "../phones/registrar.ts";
import { nextWhen, replyStage } from "../plan.ts";
import type { HuntGroup, Member, Site } from "../site.ts";
import type { MemberStatus } from "../status.ts";
import { contactTargets, findExtension } from "./extensions.ts";
import { ALL_KEPT, forwardStages, type Ringing } from "./forwarding.ts";

export class Hunting {
  readonly site: Site;
  readonly registrar: Registrar;
  readonly gateways: Gateways;
  private readonly upstreams: Upstreams;
  /** Of round-robin groups: who begins next. */
  private readonly turns = new Map<string, number>();

  constructor(site: Site, registrar: Registrar, gateways: Gateways, upstreams: Upstreams) {
    this.site = site;
    this.registrar = registrar;
    this.gateways = gateways;
    this.upstreams = upstreams;
  }

  /** The group of a called number, or "default". */
  groupNamed(name: string): HuntGroup | undefined {
    return this.site.huntGroups.find((one) => one.name === name);
  }

  /** All members that groups name, group by group. */
  members(now_ms: number): MemberStatus[] {
    return this.site.huntGroups.flatMap(({ name, members }) =>
      members.map((member) => {
        const phone = this.phoneOf(member);
        const isThere = phone !== undefined && contactTargets(phone, this.keptSince_ms(now_ms)).length > 0;
        return { group: name, member: nameOf(member), registered: isThere ? phone.name : null };
      }),
    );
  }

  /**
   * The stages to where a call goes on, by a forward or an overflow: a group, an extension or an outside number.
   * @param rung for a caller that can't follow a phone's redirect itself: the extensions and groups that the call has rung before; none of
   *   them rings again
   * @param seen the groups that overflow to each other
   */
  onward(
    number: string,
    ringing: Ringing,
    routed: RoutedRequest,
    now_ms: number,
    rung?: readonly string[],
    seen: readonly string[] = [],
  ): Stage[] {
    const group = this.groupNamed(number);
    if (group !== undefined) {
      if (seen.includes(number) || rung?.includes(markOf(group)) === true) return [];
      return this.stages(group, ringing, routed, now_ms, rung, seen);
    }
    const { site, registrar, gateways } = this;
    const extension = findExtension(number, site.extensions, registrar.bindings);
    if (extension !== undefined && rung?.includes(extension.name) === true) return [];
    return forwardStages(number, ringing, routed, { site, registrar, gateways, now_ms }, rung);
  }

  /** The stages of a group and of what it overflows to; none when not one of its phones is registered, but the caller's. */
  stages(
    group: HuntGroup,
    ringing: Ringing,
    routed: RoutedRequest,
    now_ms: number,
    rung: readonly string[] | undefined = ringing.isFromGateway ? [] : undefined,
    seen: readonly string[] = [],
  ): Stage[] {
    const { name, overflow: number } = group;
    const rings = this.ring(group, ringing);
    const since = rung && [...rung, markOf(group)];
    const overflow = number === undefined ? [] : this.onward(number, ringing, routed, now_ms, since, [...seen, name]);
    const last = rings.pop();
    if (last === undefined) return overflow;
    if (overflow.length === 0 || last.kind !== "fork") return [...rings, last];
    return [...rings, { ...last, on: nextWhen(NOT_REFUSED) }, ...overflow];
  }

  private ring(group: HuntGroup, ringing: Ringing): Stage[] {
    const { strategy, ring_ms } = group;
    const members = group.members
      .map((member) => {
        const name = nameOf(member);
        const common = { party: name, mutes: MUTES[group.decline] };
        return { name, targets: this.targets(member, ringing).map((target) => ({ ...target, ...common })) };
      })
      .filter(({ targets }) => targets.length > 0);
    if (members.length === 0) return [];
    if (strategy === "parallel") {
      const names = members.map(({ name }) => name).join(", ");
      const targets = members.flatMap((member) => member.targets);
      return [{ kind: "fork", what: `group ${group.name}: ${names}`, targets, ring_ms }];
    }
    const inTurn = strategy === "round-robin" ? this.rotate(group.name, members) : members;
    return inTurn.map(({ name, targets }, index): Stage => {
      const isLast = index === inTurn.length - 1;
      const what = `group ${group.name}: ${name}`;
      return { kind: "fork", what, targets, ring_ms, ...(isLast ? {} : { on: nextWhen(NOT_REFUSED) }) };
    });
  }

  private rotate<T>(name: string, members: readonly T[]): readonly T[] {
    const turn = this.turns.get(name) ?? 0;
    this.turns.set(name, turn + 1);
    const first = turn % members.length;
    return [...members.slice(first), ...members.slice(0, first)];
  }

  /** Each phone gets its own URI: many answer 404 to the dialled number. */
  private targets(member: Member, { keptSince_ms, extra, caller }: Ringing): Target[] {
    const phone = this.phoneOf(member);
    if (caller !== "" && phone?.name === caller) return [];
    if (typeof member !== "string") return [{ requestUri: member.text, nextHop: hopOf(member), ...extra }];
    return phone === undefined ? [] : contactTargets(phone, keptSince_ms).map((target) => ({ ...target, ...extra }));
  }

  private phoneOf(member: Member): AddressOfRecord | undefined {
    const { bindings } = this.registrar;
    if (typeof member !== "string") return bindings.findAt(member);
    return findExtension(member, this.site.extensions, bindings);
  }

  private keptSince_ms(now_ms: number): number {
    return this.upstreams.isDark ? ALL_KEPT : now_ms;
  }
}

/** What a member's answer says of itself alone: a redirect and a challenge are nothing for the caller. */
const MUTES: Readonly<Record<HuntGroup["decline"], Condition>> = {
  member: { classes: [3], codes: [401, 407, 603, 606, 607] },
  group: { classes: [3], codes: [401, 407] },
};

/** A group among what a call has rung: no address-of-record is written so. */
function markOf({ name }: HuntGroup): string {
  return `group ${name}`;
}

function nameOf(member: Member): string {
  return typeof member === "string" ? member : member.text;
}

/** The last word when no phone of a group is registered. */
export function nobodyRegistered(group: HuntGroup): Stage {
  return replyStage(480, undefined, `Reason: SIP;cause=480;text="No phone of group ${group.name} is registered"\r\n`);
}

/** §16.7 item 5: a 6xx speaks for everybody. */
const NOT_REFUSED: Condition = { classes: [3, 4, 5] };
