/** `branchline run`: the proxy in the foreground, and its signals. */
import { App } from "../app/app.ts";
import { createLogger } from "../io/node/log.ts";
import { EXIT_USAGE, EXIT_WORLD } from "./exit.ts";
import { loadFile } from "./load-file.ts";

export async function run(file: string): Promise<void> {
  const config = loadFile(file) ?? process.exit(EXIT_USAGE);
  process.title = "branchline";
  const log = createLogger(config.logLevel);
  const app = new App(config, log);
  try {
    await app.start();
  } catch (error) {
    log.error("start_failed", { error: String(error) });
    process.exit(EXIT_WORLD);
  }
  process.on("SIGHUP", () => {
    const next = loadFile(file);
    if (next === undefined) log.error("reload_refused", { file, effect: "the old configuration stays active" });
    else if (JSON.stringify(next.listeners) !== JSON.stringify(config.listeners)) {
      log.error("reload_refused", { file, effect: "listen has changed: restart branchline" });
    } else {
      app.reload(next.site);
      log.info("reloaded", { file });
    }
  });
  let isStopping = false;
  const stop = () => {
    if (isStopping) return;
    isStopping = true;
    const exit = () => process.exit(0);
    app.stop().then(exit, exit);
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}
