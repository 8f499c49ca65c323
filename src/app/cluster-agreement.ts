/** What has to be equal in the files of both members of a pair: what a call means must not depend on the router that has the address. */
import type { Subjects } from "../cluster/agreement.ts";
import type { Config } from "./config/config.ts";
import { KEYS } from "./config/sections.ts";

/** Keys at the top of the file that may differ: a router's own addresses, places and habits. */
const OWN: readonly string[] = ["listen", "tls", "cluster", "state", "dns", "log"];

/** By subject, as an operator knows it: the keys of the file, and the secret that signs. @param sign by that secret */
export function subjectsOf({ written, cluster }: Config, sign: (text: string) => string): Subjects {
  const subjects: Record<string, string> = { secret: sign("agreement") };
  // A key that only one file has is a difference, too.
  for (const key of Object.keys(KEYS)) if (!key.includes(".") && !OWN.includes(key)) subjects[key] = "";
  for (const [key, value] of [...written].sort(([one], [other]) => (one < other ? -1 : 1))) {
    const [top = ""] = key.split(".");
    if (!OWN.includes(top)) subjects[top] = `${subjects[top] ?? ""} ${key}=${value}`;
  }
  if (cluster !== undefined) {
    subjects["cluster.shared"] = cluster.shared.map(({ address }) => address).join(" ");
    subjects["cluster.members"] = cluster.members
      .map(({ name, address, port }) => `${name} ${address} ${port}`)
      .join(", ");
  }
  return subjects;
}
