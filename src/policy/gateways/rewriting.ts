/** How a number changes on its way to a gateway. */
import type { NumberRule } from "../site.ts";

/** Longer numbers leave as they are: no real one is longer, and what a pattern costs grows with what it is matched against. */
export const NUMBER_CHARACTERS_MAX = 32;

/** The first rule that matches; undefined when none does. */
export function ruleFor(number: string, rules: readonly NumberRule[]): NumberRule | undefined {
  if (number.length > NUMBER_CHARACTERS_MAX) return undefined;
  return rules.find(({ match }) => match.test(number));
}

/** `number` as the first rule that matches rewrites it. */
export function rewrite(number: string, rules: readonly NumberRule[]): string {
  const rule = ruleFor(number, rules);
  return rule === undefined ? number : number.replace(rule.match, rule.replace);
}
