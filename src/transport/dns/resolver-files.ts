/** The system's own files about names: resolv.conf and hosts, read as text. */
import { ipVersion } from "../../base/ip-range.ts";

/** resolv.conf, as far as we follow it. */
export interface ResolverSettings {
  /** Addresses, or address:port, in the order in which they are asked. */
  readonly servers: readonly string[];
  /** Domains that are tried behind a name with fewer dots than `ndots`. */
  readonly search: readonly string[];
  readonly ndots: number;
  /** How long one server is waited for, and how often all of them are asked; undefined: as we like. */
  readonly timeout_ms: number | undefined;
  readonly attempts: number | undefined;
}

/** As libc does it. */
const SERVERS_MAX = 3;
const SEARCH_MAX = 6;
const NDOTS_MAX = 15;
const SECOND_ms = 1_000;

/** resolv.conf(5). Without a server it is the one on this machine. */
export function parseResolvConf(text: string): ResolverSettings {
  const servers: string[] = [];
  let search: string[] = [];
  const options = new Map<string, number>();
  for (const [key, ...values] of wordsOf(text, /[#;].*/)) {
    const [first = ""] = values;
    if (key === "nameserver" && ipVersion(first) !== 0) servers.push(first);
    else if (key === "search" || key === "domain") search = values;
    else if (key === "options") {
      for (const value of values) {
        const [, name = "", number] = /^(\w+):(\d{1,4})$/.exec(value) ?? [];
        options.set(name, Number(number));
      }
    }
  }
  const least = (name: string) => (options.has(name) ? Math.max(1, options.get(name) ?? 1) : undefined);
  const timeout_s = least("timeout");
  return {
    servers: servers.length === 0 ? ["127.0.0.1"] : servers.slice(0, SERVERS_MAX),
    search: search
      .map((domain) => domain.toLowerCase().replace(/^\.|\.$/g, ""))
      .filter((domain) => domain !== "")
      .slice(0, SEARCH_MAX),
    ndots: Math.min(options.get("ndots") ?? 1, NDOTS_MAX),
    timeout_ms: timeout_s === undefined ? undefined : timeout_s * SECOND_ms,
    attempts: least("attempts"),
  };
}

/** hosts(5): the addresses of each name, in lower case. */
export function parseHosts(text: string): Map<string, string[]> {
  const hosts = new Map<string, string[]>();
  for (const [address = "", ...names] of wordsOf(text, /#.*/)) {
    if (ipVersion(address) === 0 || address.includes("%")) continue;
    for (const name of names) {
      const key = name.toLowerCase();
      hosts.set(key, [...(hosts.get(key) ?? []), address]);
    }
  }
  return hosts;
}

function wordsOf(text: string, comment: RegExp): string[][] {
  return text.split(/\r?\n/).map((line) =>
    line
      .replace(comment, "")
      .split(/\s+/)
      .filter((word) => word !== ""),
  );
}
