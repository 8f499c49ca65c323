/** The file's `include`: other files, whose keys count where this one lacks them. `trees.ts` reads them before any key is looked at. */
import { list, type Rows, text } from "./key-kinds.ts";
import type { PagesOf, WordsOf } from "./key-words.ts";
import type { Place, Reader } from "./reader.ts";
import { section } from "./section.ts";

const KEYS = {
  include: list(text(), []),
} as const satisfies Rows;

export function words(): WordsOf<typeof KEYS> {
  return {
    include: {
      kind: "path, or list of them",
      default: "none",
      words:
        "Other files with keys of this configuration, relative to the file that includes them. Mappings are merged key by key. Lists and single values aren't: the value in the including file counts; of two included files, the value in the later file. An included file may include others. All other relative paths are relative to the main file.",
    },
  };
}

export function pages(): PagesOf<typeof KEYS> {
  return {
    include: {
      about:
        "The keys that branches have in common may be in one file, and the keys of a single branch in another: see [many branches](fleet.md). `branchline check --print` prints the configuration that the files and variables make together.",
      example: "include: [common.yaml]",
    },
  };
}

export const INCLUDE = section(KEYS, (reader, top) => top.optional("include", (place) => pathsIn(reader, place)) ?? []);

/** The paths, as they are written. */
function pathsIn(reader: Reader, place: Place): string[] {
  return reader.items(place).flatMap((item) => reader.text(item, "the path of a file, such as common.yaml") ?? []);
}
