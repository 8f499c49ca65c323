/** The configuration file as it has been read. */
import type { Config } from "./config/config.ts";

/** A configuration, and the text of the file that it was read from. */
export interface ReadConfig {
  readonly config: Config;
  readonly text: string;
  /** What the file takes from the environment of this process. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** The file as it is now, or what is wrong with it. */
export type ReadFile = () => ReadConfig | { readonly faults: readonly string[] };
