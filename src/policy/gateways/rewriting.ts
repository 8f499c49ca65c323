/** How a number changes on its way to a gateway. */
import { userText } from "../dialled-number.ts";
import type { Gateway, NumberRule } from "../site.ts";

/** Longer numbers leave as they are: no real one is longer, and what a pattern costs grows with what it is matched against. */
export const NUMBER_CHARACTERS_MAX = 32;

/** What a phone or a trunk can dial: a digit, `*`, `#`, or a letter of a name. */
const DIALLABLE = /[\w*#]/;

/** The rule that counts for `number`: the first that matches. Undefined when none does, or when it would leave nothing to dial. */
export function ruleFor(number: string, rules: readonly NumberRule[]): NumberRule | undefined {
  const rule = firstMatch(number, rules);
  return rule === undefined || leavesNothing(number, rule) ? undefined : rule;
}

/** The rule that matches `number`, but isn't done because nothing to dial would be left: 0 alone, of which a rule takes the 0 off. */
export function ruleNotDone(number: string, rules: readonly NumberRule[]): NumberRule | undefined {
  const rule = firstMatch(number, rules);
  return rule !== undefined && leavesNothing(number, rule) ? rule : undefined;
}

/** `number` as the rule that counts rewrites it; as it is where none does. */
export function rewrite(number: string, rules: readonly NumberRule[]): string {
  const rule = ruleFor(number, rules);
  return rule === undefined ? number : changed(number, rule);
}

/** `number` at the gateway, as its rules rewrite it: a SIP URI. */
export function uriAt({ uri, called }: Gateway, number: string): string {
  const { text, user } = uri;
  const hostStart = user === undefined ? text.indexOf(":") + 1 : text.lastIndexOf("@") + 1;
  return `sip:${userText(rewrite(number, called))}@${text.slice(hostStart)}`;
}

function firstMatch(number: string, rules: readonly NumberRule[]): NumberRule | undefined {
  if (number.length > NUMBER_CHARACTERS_MAX) return undefined;
  return rules.find(({ match }) => match.test(number));
}

function leavesNothing(number: string, rule: NumberRule): boolean {
  return !DIALLABLE.test(changed(number, rule));
}

function changed(number: string, { match, replace }: NumberRule): string {
  return number.replace(match, replace);
}
