/** A section of the file: one top key or several that belong together, and what is made of them. */
import type { SecretSource } from "../../cluster/settings.ts";
import type { Site } from "../../policy/site.ts";
import type { Interfaces } from "../../transport/own-listener.ts";
import type { TlsFault, TlsFiles } from "../../transport/tls-files.ts";
import type { Fields } from "./fields.ts";
import type { Rows } from "./key-kinds.ts";
import type { Reader } from "./reader.ts";

/** Why a secret can't serve. */
export interface SecretFault {
  readonly message: string;
  /** It may serve elsewhere: a command doesn't have the environment of the running proxy. */
  readonly isHint: boolean;
}

/** What else there is on disk besides the file. */
export interface Surroundings {
  readonly resolvePath: (path: string) => string;
  readonly tlsFault: (files: TlsFiles) => TlsFault | undefined;
  /** Whether this build of the program can speak TLS; what wants it is a fault otherwise. */
  readonly hasTls: boolean;
  /** The DNS names in a certificate, without wildcards. */
  readonly certificateNames: (file: string) => readonly string[];
  /** Why the secret of a pair can't serve; undefined: it can. */
  readonly secretFault: (source: SecretSource) => SecretFault | undefined;
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
  /**
   * What it does, for `check`, in sentences. A sentence about several sections of the site stands in `describe.ts`.
   * @param site all that the file says of the site, for a part that means more or less beside another one
   */
  readonly says?: ((part: T, site: Site) => readonly string[]) | undefined;
}

/** Any of them. */
export type AnySection = Pick<Section<Rows, unknown>, "keys"> & {
  readonly load: (reader: Reader, top: never, surroundings: Surroundings) => unknown;
  readonly says?: ((part: never, site: Site) => readonly string[]) | undefined;
};

/** For its types alone. */
export function section<R extends Rows, T>(
  keys: R,
  load: Section<R, T>["load"],
  says?: Section<R, T>["says"],
): Section<R, T> {
  return { keys, load, says };
}
