/** QuickJS counts references: what lives long costs no more than what doesn't. */
import type { MakeOctets } from "../../base/ports.ts";

export const makeOctets: MakeOctets | undefined = undefined;
