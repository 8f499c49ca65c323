/** The numbers of this site, as far as the file names them. */
import { plainNumber } from "../dialled-number.ts";
import type { Site } from "../site.ts";
import { memberNumbers } from "./own-numbers.ts";

/** All numbers that the file gives to groups and extensions, whether a phone is registered or not. */
export function numbersOf(site: Site): ReadonlySet<string> {
  const { huntGroups, extensions } = site;
  const groups = huntGroups.map(({ name }) => name);
  const all = [...groups, ...memberNumbers(site), ...extensions.aliases.keys(), ...extensions.forwards.keys()];
  return new Set(all.map(plainNumber));
}
