/** What has to be equal in the files of all members: what a call means must not depend on the router that gets its messages. */
import type { Subjects } from "../cluster/agreement.ts";
import type { Config } from "./config/config.ts";
import { KEYS } from "./config/sections.ts";

/** Keys at the top of the file that may differ: a router's own addresses, places and habits. */
const OWN: readonly string[] = ["listen", "tls", "cluster", "state", "dns", "log", "server_header"];
/** Where the address of `listen` is at all members, each has its page at one of its own. */
const OWN_IN_ANYCAST: readonly string[] = [...OWN, "http"];

/** By subject, as an operator knows it: the keys of the file, and the secret that signs. @param sign by that secret */
export function subjectsOf({ written, cluster, listeners }: Config, sign: (text: string) => string): Subjects {
  const isAnycast = cluster?.mode === "anycast";
  const own = isAnycast ? OWN_IN_ANYCAST : OWN;
  const subjects: Record<string, string> = { secret: sign("agreement") };
  // A key that only one file has is a difference, too.
  for (const key of Object.keys(KEYS)) if (!key.includes(".") && !own.includes(key)) subjects[key] = "";
  for (const [key, value] of [...written].sort(([one], [other]) => (one < other ? -1 : 1))) {
    const [top = ""] = key.split(".");
    if (!own.includes(top)) subjects[top] = `${subjects[top] ?? ""} ${key}=${value}`;
  }
  if (cluster === undefined) return subjects;
  const members = cluster.members.map(({ name, address, port }) => `${name} ${address} ${port}`);
  subjects["cluster.mode"] = cluster.mode;
  subjects["cluster.shared"] = cluster.shared.map(({ address }) => address).join(" ");
  // The first one of a pair has the shared addresses if both start at once.
  subjects["cluster.members"] = (isAnycast ? members.sort() : members).join(", ");
  if (isAnycast) {
    subjects["listen"] = listeners.map(({ name, settings }) => `${name} ${settings.advertise ?? ""}`).join(", ");
  }
  return subjects;
}
