/** `branchline force`: overrides the state of upstream that is seen. */
import type { Pin } from "../app/control.ts";
import { forceFacts, forceText } from "../app/words/force-words.ts";
import { EXIT_USAGE } from "./exit.ts";
import { fail } from "./paper.ts";
import { reader } from "./reader.ts";
import { show, theRunning } from "./running.ts";
import { DAYS_MAX, seconds } from "./spans.ts";

/** Why a time of `--for` is refused; undefined: it is fine. */
export function forTimeFault(time: string): string | undefined {
  return seconds(time) === undefined ? `Must be a time from 1s to ${DAYS_MAX}d, such as 10m.` : undefined;
}

/** Forces upstream's state and prints what follows. @param time how long, such as "10m" */
export async function force(file: string, state: Pin, time: string | undefined, asJson: boolean): Promise<void> {
  const for_s = time === undefined ? undefined : seconds(time);
  if (state === "auto" && time !== undefined) fail("auto ends a forced state: it takes no --for", EXIT_USAGE);
  const running = await theRunning(file);
  const { status } = await running.ask({ command: "force", state, for_s });
  show(forceText(status, reader()), asJson, forceFacts(status));
}
