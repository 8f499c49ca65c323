/** keepalived's configuration as far as a pair depends on it: which addresses it moves, together or not, and whose word it takes for that. */
import { canonicalAddress } from "../../base/ip-range.ts";
import { setLines } from "./families.ts";

/** What it does for the addresses of a pair. */
export interface VrrpView {
  /** Addresses that no virtual router has. */
  readonly missing: readonly string[];
  /** Virtual routers with such addresses that don't look at the health file. */
  readonly untracked: readonly string[];
  /** A "1" in the health file means to it that the addresses must go. */
  readonly isInverted: boolean;
  /** The addresses may move one without the other. */
  readonly isApart: boolean;
  /** Neighbours don't learn that an address has moved. */
  readonly isSilent: boolean;
}

interface Track {
  readonly name: string;
  readonly kind: string;
  readonly words: string;
}

/**
 * @param text the configuration, with what it includes behind it
 * @param shared addresses of the pair
 * @param health_file its path
 */
export function readKeepalived(text: string, shared: readonly string[], health_file: string): VrrpView {
  const lines = linesOf(text);
  const all = (pattern: RegExp) => lines.flatMap((line) => [pattern.exec(line)].flatMap((one) => (one ? [one] : [])));
  const holders = new Map<string, string>();
  for (const [, name = "", address = ""] of all(/^vrrp_instance (\S+) virtual_ipaddress(?:_excluded)? (\S+)/)) {
    holders.set(canonicalAddress(address.replace(/\/.*/, "")), name);
  }
  const groups = new Map<string, string[]>();
  for (const [, name = "", members = ""] of all(/^vrrp_sync_group (\S+) group (.+)/)) {
    groups.set(name, [...(groups.get(name) ?? []), ...members.split(" ")]);
  }
  const files = namesOf(all(/^(?:vrrp_)?track_file (\S+) file (\S+)$/), (path) => path === health_file);
  const scripts = namesOf(all(/^vrrp_script (\S+) script (.+)/), (command) => command.split(" ").includes(health_file));
  const tracks = all(/^vrrp_(?:instance|sync_group) (\S+) track_(file|script) (\S+)(.*)/).flatMap(
    ([, by = "", kind = "", name = "", words = ""]) =>
      (kind === "file" ? files : scripts).has(name) ? [{ by, track: { name, kind, words } }] : [],
  );
  const weights = new Map(
    all(/^(?:vrrp_)?track_file (\S+) weight (.+)/).map(([, name = "", words = ""]) => [name, words]),
  );
  const moved = shared.map((address) => holders.get(canonicalAddress(address)));
  const routers = [...new Set(moved.flatMap((name) => (name === undefined ? [] : [name])))];
  const isTracked = (router: string) =>
    tracks.some(({ by }) => by === router || groups.get(by)?.includes(router) === true);
  return {
    missing: shared.filter((_, index) => moved[index] === undefined),
    untracked: routers.filter((router) => !isTracked(router)),
    isInverted: tracks.some(({ track }) => isTurned(track, weights.get(track.name))),
    isApart: routers.length > 1 && ![...groups.values()].some((group) => routers.every((one) => group.includes(one))),
    isSilent: lines.some((line) => /(?:^global_defs vrrp_|^vrrp_instance \S+ )garp_master_repeat 0$/.test(line)),
  };
}

/** The number in the file, times the weight, changes the priority; a weight of 0 means that any number but 0 is a fault. */
function isTurned({ kind, words }: Track, general = "1"): boolean {
  if (kind !== "file") return false;
  const own = /\bweight (-?\d+)/.exec(words)?.[1];
  const weight = Number(own ?? /^-?\d+/.exec(general)?.[0] ?? 1);
  const isReverse = /\breverse\b/.test(own === undefined ? `${general} ${words}` : words);
  return weight > 0 ? isReverse : !isReverse;
}

function namesOf(found: readonly RegExpExecArray[], fits: (value: string) => boolean): ReadonlySet<string> {
  return new Set(found.flatMap(([, name = "", value = ""]) => (fits(value) ? [name] : [])));
}

/** One line for each statement, with the blocks in which it stands before it. */
function linesOf(text: string): string[] {
  const bare = text
    .replace(/[#!].*/g, "")
    .replace(/\s*\{/g, " {\n")
    .replace(/\}/g, "\n}\n");
  return setLines(bare).map((line) => line.replace(/\s+/g, " ").trim());
}
