/** Of gateways that a call is led to: the rules that aren't done, since they would leave nothing to dial. */
import type { Step } from "../policy/explain.ts";
import { ruleNotDone, uriAt } from "../policy/gateways/rewriting.ts";
import type { Gateway } from "../policy/site.ts";

/** A rule that the number meets, but that would leave nothing of it: the number stays. */
export interface RuleNotDone {
  readonly gateway: string;
  /** The rule's expression. */
  readonly match: string;
  readonly number: string;
}

/** @param number for gateways, before their rules */
export function rulesNotDone(gateways: readonly Gateway[], number: string, steps: readonly Step[]): RuleNotDone[] {
  const told = JSON.stringify(steps);
  return gateways.flatMap((gateway) => {
    const rule = ruleNotDone(number, gateway.called);
    const isAsked = rule !== undefined && told.includes(uriAt(gateway, number));
    return isAsked ? [{ gateway: gateway.name, match: rule.match.source, number }] : [];
  });
}
