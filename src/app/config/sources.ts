/** Where a configuration comes from: its file, the files that it includes, and variables. */
import type { Variables } from "./variables.ts";

/** A file that another one includes. */
export interface IncludedFile {
  /** As a person is told of it. */
  readonly name: string;
  /** Two names of one file have the same. */
  readonly id: string;
  /** Undefined when it can't be read: `why` tells. */
  readonly text: string | undefined;
  readonly why: string;
}

export interface Sources {
  readonly variables: Variables;
  /** Lines of the file of variables that can't be used. */
  readonly faults: readonly { readonly file: string; readonly line: number; readonly message: string }[];
  /** What `id` of {@link IncludedFile} is for the file itself. */
  readonly id: string;
  /** Reads a file. @param from the name of the one that includes it, to which `path` is relative; undefined: the file itself */
  readonly read: (path: string, from: string | undefined) => IncludedFile;
}

/** No variables and no other files. */
export const ALONE: Sources = {
  variables: new Map(),
  faults: [],
  id: "",
  read: (name) => ({ name, id: name, text: undefined, why: "can't be read from here" }),
};
