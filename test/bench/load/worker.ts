/** The generator's process: carries out what comes over its channel, one command at a time, and ends with its parent. */
import { Load } from "./load.ts";
import type { Command } from "./protocol.ts";

export async function runWorker(): Promise<void> {
  process.on("disconnect", () => process.exit(0));
  // The terminal's ^C goes to all processes; the bench decides what it means.
  process.on("SIGINT", () => undefined);
  const load = await Load.open();
  process.on("message", (command: Command) => {
    load.run(command).then(
      (report) => process.send?.(report),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
  process.send?.("ready");
}
