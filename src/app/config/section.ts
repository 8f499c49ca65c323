/** A section of the file: one top key or several that belong together, and what is made of them. */
import type { Interfaces } from "../../transport/own-listener.ts";
import type { TlsFault, TlsFiles } from "../../transport/tls-files.ts";
import type { Fields } from "./fields.ts";
import type { Rows } from "./key-kinds.ts";
import type { Reader } from "./reader.ts";

/** What else there is on disk besides the file. */
export interface Surroundings {
  readonly resolvePath: (path: string) => string;
  readonly tlsFault: (files: TlsFiles) => TlsFault | undefined;
  /** The DNS names in a certificate, without wildcards. */
  readonly certificateNames: (file: string) => readonly string[];
  /** All of the router's interfaces, those without an address too; undefined: they weren't looked at. */
  readonly interfaces: Interfaces | undefined;
}

export interface Section<R extends Rows, T> {
  readonly keys: R;
  /**
   * What the file says, or the defaults.
   * @param top the keys of the whole file, of which a section reads its own
   */
  readonly load: (reader: Reader, top: Fields<R, "">, surroundings: Surroundings) => T;
}

/** Any of them. */
export type AnySection = Pick<Section<Rows, unknown>, "keys"> & {
  readonly load: (reader: Reader, top: never, surroundings: Surroundings) => unknown;
};

/** For its types alone. */
export function section<R extends Rows, T>(keys: R, load: Section<R, T>["load"]): Section<R, T> {
  return { keys, load };
}
