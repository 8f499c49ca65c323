/** Node's `perf_hooks`: the clock that never jumps. */
import * as native from "native";

export const performance = { now: (): number => native.monotonic_ms() };
