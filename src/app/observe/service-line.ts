/** What `systemctl status` shows of a branchline that runs. */
import type { RunningStatus } from "../status-facts.ts";

/** One line of ASCII. */
export function serviceLine({ upstream, calls_go_to, phones }: RunningStatus): string {
  const peers = upstream.map(({ name, state, since }) => {
    return `Upstream ${name} is ${state}${since === undefined ? "" : ` since ${since.replace(/\.\d+Z$/, "Z")}`}`;
  });
  const way = calls_go_to === undefined ? [] : [`calls go to ${WAYS[calls_go_to.role]}`];
  return [...peers, ...way, `${phones.addresses} numbers registered`].join("; ").replace(/[^ -~]/g, "?");
}

const WAYS = { upstream: "upstream", gateway: "the gateway", none: "phones here only" };
