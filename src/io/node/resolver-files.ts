/** The system's own files about names: resolv.conf and hosts, read as text. */
import { ipVersion } from "../../base/ip-range.ts";

export interface ResolverSettings {
  /** Addresses, or address:port, in the order in which they are asked. */
  readonly servers: readonly string[];
  /** Domains that are tried behind a name without a dot. */
  readonly search: readonly string[];
}

/** As libc does it. */
const SERVERS_MAX = 3;
const SEARCH_MAX = 6;

/** resolv.conf(5). Without a server it is the one on this machine. */
export function parseResolvConf(text: string): ResolverSettings {
  const servers: string[] = [];
  let search: string[] = [];
  for (const [key, ...values] of wordsOf(text, /[#;].*/)) {
    const [first = ""] = values;
    if (key === "nameserver" && ipVersion(first) !== 0 && !first.includes("%")) servers.push(first);
    else if (key === "search" || key === "domain") search = values;
  }
  return {
    servers: servers.length === 0 ? ["127.0.0.1"] : servers.slice(0, SERVERS_MAX),
    search: search.slice(0, SEARCH_MAX).map((domain) => domain.toLowerCase().replace(/^\.|\.$/g, "")),
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
