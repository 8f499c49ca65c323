/** What a drill stands on: an upstream that answers, a gateway, phones, emergency numbers. Where one is missing, no drill runs. */
import type { DrillPhones } from "./drilling.ts";
import type { Gateways } from "./gateways/gateways.ts";
import { findExtension } from "./numbers/extensions.ts";
import { whyNoCalls } from "./peers/state-words.ts";
import type { Upstreams } from "./peers/upstreams.ts";
import type { AddressOfRecord, Bindings } from "./phones/bindings.ts";
import type { ExtensionSettings, Site } from "./site.ts";

interface Ground {
  readonly site: Site;
  readonly upstreams: Upstreams;
  readonly gateways: Gateways;
  readonly bindings: Bindings;
  /** Upstream's state is forced. */
  readonly isForced: boolean;
}

/**
 * Why no drill of these phones may run, as a clause; undefined: it may.
 * @param isStart it is to begin: what is only doubtful is reason enough not to
 */
export function drillTrouble(ground: Ground, phones: DrillPhones, isStart: boolean): string | undefined {
  const { site, upstreams, gateways, isForced } = ground;
  if (isForced) return "upstream's state is forced";
  const above = upstreams.all();
  if (above.length === 0) return "no upstream is known yet";
  if (upstreams.isDark) return `a real outage: ${whyNoCalls(above)}`;
  if (isStart && !above.some(({ stateName }) => stateName === "up")) return whyNoCalls(above);
  const names = site.gateways.map(({ name }) => name);
  if (names.length > 0 && gateways.living.length === 0)
    return names.length === 1 ? `gateway ${names.join("")} is down` : `all gateways are down: ${names.join(", ")}`;
  if (site.emergency.numbers.length === 0)
    return "the file has no emergency number: an emergency call couldn't end the drill";
  return phoneTrouble(ground, phones);
}

/** Phones that a reload, or their users, have taken away. */
function phoneTrouble({ site, bindings }: Ground, phones: DrillPhones): string | undefined {
  const isServed = ({ bindings: list }: AddressOfRecord) =>
    list.some(({ flow }) => site.localnet.contains(flow.address));
  if (phones === "all") {
    for (const one of bindings.all()) if (isServed(one)) return undefined;
    return "no phone is registered in localnet";
  }
  const missing = phones.filter((user) => !bindings.allByUser(user).some(isServed));
  if (missing.length === 0) return undefined;
  return `${missing.join(", ")} ${missing.length === 1 ? "isn't" : "aren't"} registered in localnet`;
}

/** The users of the phones that are named, each once; of one that nobody has, the name itself. */
export function drillUsers(phones: DrillPhones, extensions: ExtensionSettings, bindings: Bindings): DrillPhones {
  if (phones === "all") return phones;
  return [...new Set(phones.map((name) => findExtension(name, extensions, bindings)?.user ?? name))];
}
