/** The questions of `init` by name, and what has been answered. */

/** The keys of the file that `init` asks for; "members" are those of the default hunt group. */
export type Key = "localnet" | "upstream" | "gateways" | "members" | "emergency" | "listen";

/** What has been answered; [] for "none". */
export type Draft = { readonly [key in Key]?: readonly string[] };

/** The answer "none" that has been given, unlike one that is none since nothing was found. */
export const NONE: readonly string[] = [];

/** What has been answered beforehand, as it was typed. */
export type Given = { readonly [key in Key]?: string | undefined };
