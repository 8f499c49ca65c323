/** `branchline run`: the proxy in the foreground, and its signals. */
import { App } from "../app/app.ts";
import type { Config } from "../app/config/config.ts";
import type { Logger } from "../base/ports.ts";
import { createLogger } from "../io/node/log.ts";
import { EXIT_USAGE, EXIT_WORLD } from "./exit.ts";
import { loadFile } from "./load-file.ts";

function listenOf({ listeners }: Config): string {
  return JSON.stringify(listeners.map(({ settings }) => settings));
}

async function start(config: Config, log: Logger): Promise<App> {
  try {
    const app = new App(config, log);
    await app.start();
    return app;
  } catch (error) {
    const isTaken = (error as { code?: unknown }).code === "EADDRINUSE";
    log.error("start_failed", {
      error: String(error),
      cure: isTaken ? "branchline doctor says who has it" : undefined,
    });
    process.exit(EXIT_WORLD);
  }
}

export async function run(file: string): Promise<void> {
  const config = loadFile(file) ?? process.exit(EXIT_USAGE);
  process.title = "branchline";
  const log = createLogger(config.logLevel);
  // Before anything else: the sender of a signal can't know how far we are.
  process.on("SIGHUP", async () => {
    const app = await started;
    const faults: string[] = [];
    const next = loadFile(file, (fault) => void faults.push(fault));
    if (next === undefined) {
      log.error("reload_refused", { file, effect: "the old configuration stays active", why: faults.join(" | ") });
    } else if (listenOf(next) !== listenOf(config)) {
      log.error("reload_refused", { file, effect: "listen has changed: restart branchline" });
    } else {
      app.reload(next);
      log.info("reloaded", { file });
    }
  });
  let isStopping = false;
  const stop = async () => {
    if (isStopping) return;
    isStopping = true;
    const exit = () => process.exit(0);
    (await started).stop().then(exit, exit);
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  const started = start(config, log);
  await started;
}
