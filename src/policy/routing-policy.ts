/** Where requests go: the ordered list of rules. The first that decides, decides. */
import type { Request } from "../message/message.ts";
import type { RoutedRequest, Router, RoutingDecision } from "../proxy/router.ts";
import type { Flow } from "../transport/flow.ts";
import { Access } from "./access.ts";
import type { CallLog } from "./call-log.ts";
import { decision, replyStage } from "./plan.ts";
import { call } from "./rules/call.ts";
import { contact } from "./rules/contact.ts";
import { emergency } from "./rules/emergency.ts";
import { fromGateway } from "./rules/from-gateway.ts";
import { fromUpstream } from "./rules/from-upstream.ts";
import { inDialog } from "./rules/in-dialog.ts";
import { otherRequest } from "./rules/other-request.ts";
import { path } from "./rules/path.ts";
import { register } from "./rules/register.ts";
import { toGateway } from "./rules/to-gateway.ts";
import { toOurselves } from "./rules/to-ourselves.ts";
import type { RoutingRule, Situation, Staff } from "./situation.ts";

const RULES: readonly RoutingRule[] = [
  path,
  contact,
  inDialog,
  emergency,
  fromGateway,
  toOurselves,
  toGateway,
  register,
  call,
  otherRequest,
  fromUpstream,
];

export class RoutingPolicy implements Router {
  private readonly staff: Staff;
  private readonly access: Access;
  private readonly callLog: CallLog;

  constructor(staff: Staff, callLog: CallLog) {
    this.callLog = callLog;
    this.staff = staff;
    this.access = new Access(staff.site, staff.upstreams, staff.own, staff.tokens);
  }

  admit(request: Request, source: Flow): "admit" | "forbid" | "drop" {
    return this.access.admit(request, source);
  }

  /** Whether `address` is that of a phone, a gateway or upstream. */
  knows(address: string): boolean {
    return this.access.originOf(address) !== "stranger";
  }

  mayAnswer(address: string, asked: string | undefined): boolean {
    const origin = this.access.originOf(address);
    return origin !== "stranger" && (asked === undefined || origin === this.access.originOf(asked));
  }

  decide(routed: RoutedRequest, now_ms: number): RoutingDecision {
    const origin = this.access.originOf(routed.source.address);
    const made = firstOf(RULES, routed, { ...this.staff, origin, now_ms });
    const isCall = routed.request.method === "INVITE" && routed.request.toTag === "";
    return isCall ? this.callLog.record(routed, origin, made, now_ms) : made;
  }
}

function firstOf(rules: readonly RoutingRule[], routed: RoutedRequest, situation: Situation): RoutingDecision {
  for (const rule of rules) {
    const made = rule(routed, situation);
    if (made !== undefined) return made;
  }
  return decision("nobody", `nothing for ${situation.origin} to ask of us`, replyStage(403));
}
