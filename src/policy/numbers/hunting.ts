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
import { ALL_KEPT, forwardStages } from "./forwarding.ts";

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
        const isThere = phone !== undefined && this.contacts(phone, now_ms).length > 0;
        return { group: name, member: nameOf(member), registered: isThere ? phone.name : null };
      }),
    );
  }

  /** The stages of a group and of what it overflows to; none when not one of its phones is registered. */
  stages(group: HuntGroup, routed: RoutedRequest, now_ms: number, seen: readonly string[] = []): Stage[] {
    const rings = this.ring(group, now_ms);
    const overflow = this.overflow(group, routed, now_ms, [...seen, group.name]);
    const last = rings.pop();
    if (last === undefined) return overflow;
    if (overflow.length === 0 || last.kind !== "fork") return [...rings, last];
    return [...rings, { ...last, on: nextWhen(NOT_REFUSED) }, ...overflow];
  }

  private ring(group: HuntGroup, now_ms: number): Stage[] {
    const { strategy, ring_ms } = group;
    const members = group.members
      .map((member) => {
        const name = nameOf(member);
        const common = { party: name, mutes: MUTES[group.decline] };
        return { name, targets: this.targets(member, now_ms).map((target) => ({ ...target, ...common })) };
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

  private overflow({ overflow }: HuntGroup, routed: RoutedRequest, now_ms: number, seen: readonly string[]): Stage[] {
    if (overflow === undefined || seen.includes(overflow)) return [];
    const group = this.site.huntGroups.find((one) => one.name === overflow);
    if (group !== undefined) return this.stages(group, routed, now_ms, seen);
    const { site, registrar, gateways } = this;
    const helpers = { site, registrar, gateways, now_ms };
    return forwardStages(overflow, this.keptSince_ms(now_ms), routed, helpers, { touchesGateway: true }, []);
  }

  /** Each phone gets its own URI: many answer 404 to the dialled number. */
  private targets(member: Member, now_ms: number): Target[] {
    if (typeof member !== "string") {
      const nextHop = hopOf(member);
      return [{ requestUri: member.text, nextHop, touchesGateway: true }];
    }
    const extension = this.phoneOf(member);
    return extension === undefined
      ? []
      : this.contacts(extension, now_ms).map((target) => ({ ...target, touchesGateway: true }));
  }

  private phoneOf(member: Member): AddressOfRecord | undefined {
    const { bindings } = this.registrar;
    if (typeof member !== "string") return bindings.findAt(member);
    return findExtension(member, this.site.extensions, bindings);
  }

  private contacts(address: AddressOfRecord, now_ms: number): Target[] {
    return contactTargets(address, this.keptSince_ms(now_ms));
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

function nameOf(member: Member): string {
  return typeof member === "string" ? member : member.text;
}

/** The last word when no phone of a group is registered. */
export function nobodyRegistered(group: HuntGroup): Stage {
  return replyStage(480, undefined, `Reason: SIP;cause=480;text="No phone of group ${group.name} is registered"\r\n`);
}

/** §16.7 item 5: a 6xx speaks for everybody. */
const NOT_REFUSED: Condition = { classes: [3, 4, 5] };
