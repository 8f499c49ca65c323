/** Node's `fs`, as far as this program uses it. */
import * as promised from "./fs-promises.ts";

export * from "./fs-sync.ts";
export { Stats } from "./stats.ts";

export const promises = promised;
