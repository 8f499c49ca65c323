/** What befalls the routers of a branch on a day under chance: as plain values, some after the other, and some at once. */
import type { Rng } from "../../fuzz/rng.ts";

export type Trouble = { readonly at_ms: number } /** @param gap_ms until VRRP, or the router by BFD, has noticed */ & (
  | { readonly kind: "kill"; readonly member: string; readonly gap_ms: number }
  /** @param keeps whether what it had on its disk is still there */
  | { readonly kind: "start"; readonly member: string; readonly keeps: boolean }
  | { readonly kind: "stop" | "drain" | "join"; readonly member: string }
  /**
   * @param halves which places of a pair's branch are with B; undefined: only the line between the members is cut
   * @param between of more members, the two that don't hear each other
   */
  | { readonly kind: "cut"; readonly halves?: readonly string[]; readonly between?: readonly [string, string] }
  | { readonly kind: "heal"; readonly between?: readonly [string, string] }
  /** Shares of what members send to each other, and of all else but probes. */
  | { readonly kind: "loss"; readonly link: number; readonly network: number }
  | { readonly kind: "clock"; readonly member: string; readonly by_ms: number }
);

const LASTS_ms = [300, 1_500, 4_000, 8_000];
const CLOCKS_ms = [-3_600_000, -5_000, 5_000, 86_400_000];
/** Nothing new befalls the routers so soon before all is well again. */
const REST_ms = 2_000;

/** Of phones, peers and gateways: those that may be with B. */
const PLACE_NAMES = ["201", "202", "203", "204", "211", "212", "213", "pbx", "gateway", "second"];

export function pairTroubles(rng: Rng, members: readonly string[], healed_ms: number): Trouble[] {
  const troubles: Trouble[] = [];
  let at_ms = 2_500 + rng.below(5_000);
  while (at_ms < healed_ms - REST_ms) {
    const member = rng.pick(members);
    const lasts_ms = rng.pick(LASTS_ms) + rng.below(2_000);
    const dice = rng.below(100);
    const end_ms = Math.min(at_ms + lasts_ms, healed_ms);
    if (dice < 34) {
      const gap_ms = rng.pick([70, 300, 300, 350, 3_200]);
      troubles.push({ at_ms, kind: "kill", member, gap_ms });
      troubles.push({ at_ms: end_ms, kind: "start", member, keeps: rng.chance(0.7) });
    } else if (dice < 42) {
      troubles.push({ at_ms, kind: "stop", member });
      troubles.push({ at_ms: end_ms, kind: "start", member, keeps: true });
    } else if (dice < 52) troubles.push({ at_ms, kind: "cut" }, { at_ms: end_ms, kind: "heal" });
    else if (dice < 58) {
      const halves = PLACE_NAMES.filter(() => rng.chance(0.5));
      troubles.push({ at_ms, kind: "cut", halves }, { at_ms: end_ms, kind: "heal" });
    } else if (dice < 78) {
      troubles.push({ at_ms, kind: "drain", member });
      troubles.push({ at_ms: end_ms, kind: "join", member });
    } else if (dice < 92) {
      troubles.push({ at_ms, kind: "loss", link: rng.pick([0, 0.02, 0.1, 0.3]), network: rng.pick([0, 0.02, 0.1]) });
      troubles.push({ at_ms: end_ms, kind: "loss", link: 0, network: 0 });
    } else troubles.push({ at_ms, kind: "clock", member, by_ms: rng.pick(CLOCKS_ms) });
    at_ms += rng.pick([200, 2_000, 5_000, 9_000]) + rng.below(3_000);
  }
  return troubles;
}

/** More of them at once: what would leave no two members that hear all is left out as the day is played. */
export function anycastTroubles(rng: Rng, members: readonly string[], healed_ms: number): Trouble[] {
  const troubles: Trouble[] = [];
  let at_ms = 2_500 + rng.below(4_000);
  while (at_ms < healed_ms - REST_ms) {
    const member = rng.pick(members);
    const other = rng.pick(members.filter((one) => one !== member));
    const end_ms = Math.min(at_ms + rng.pick(LASTS_ms) + rng.below(2_000), healed_ms);
    const gap_ms = rng.pick([50, 300, 300, 900]);
    const keeps = rng.chance(0.7);
    const loss = { link: rng.pick([0, 0.02, 0.1, 0.1]), network: rng.pick([0, 0.02, 0.1]) };
    const dice = rng.below(100);
    if (dice < 34) {
      troubles.push({ at_ms, kind: "kill", member, gap_ms }, { at_ms: end_ms, kind: "start", member, keeps });
    } else if (dice < 44) {
      troubles.push({ at_ms, kind: "stop", member }, { at_ms: end_ms, kind: "start", member, keeps: true });
    } else if (dice < 57) {
      const between = [member, other] as const;
      troubles.push({ at_ms, kind: "cut", between }, { at_ms: end_ms, kind: "heal", between });
    } else if (dice < 77) {
      troubles.push({ at_ms, kind: "drain", member }, { at_ms: end_ms, kind: "join", member });
    } else if (dice < 92) {
      troubles.push({ at_ms, kind: "loss", ...loss }, { at_ms: end_ms, kind: "loss", link: 0, network: 0 });
    } else troubles.push({ at_ms, kind: "clock", member, by_ms: rng.pick(CLOCKS_ms) });
    at_ms += rng.pick([0, 100, 1_000, 4_000]) + rng.below(2_500);
  }
  return troubles;
}
