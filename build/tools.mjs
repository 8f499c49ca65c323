/** The programs that a build needs of this machine, and the Debian packages that have them. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** @param {string} program its name, or its path */
export function isInstalled(program) {
  const places = program.startsWith("/") ? [""] : (process.env.PATH ?? "").split(delimiter);
  return places.some((place) => {
    try {
      accessSync(join(place, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * @param {ReadonlyMap<string, string>} missing program → the names of Debian's packages
 * @throws when there is one: it names all of them, and how to install them
 */
export function refuseWithout(missing) {
  if (missing.size === 0) return;
  const packages = [...new Set([...missing.values()].flatMap((names) => names.split(" ")))];
  throw new Error(`${[...missing.keys()].join(", ")} missing: apt-get install ${packages.join(" ")}`);
}
