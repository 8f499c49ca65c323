/** The command line: arguments, signals, exit codes. */

import { Command } from "commander";
import * as fs from "fs";
import * as path from "path";
import { App } from "../app/app.ts";
import type { Config } from "../app/config/config.ts";
import { describe } from "../app/config/describe.ts";
import { loadConfig } from "../app/config/load-config.ts";
import { createLogger } from "../io/node/log.ts";

/** Exit codes: 1 the world (address in use …), 2 the command line or the file. */
const EXIT_WORLD = 1;
const EXIT_USAGE = 2;
const DEFAULT_FILE = "branchline.yaml";

export function runCli(argv: readonly string[]): void {
  const program = new Command("branchline")
    .description("Outbound SIP proxy that keeps a branch office calling when the line to its PBX is cut.")
    .version(BRANCHLINE_VERSION)
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : EXIT_USAGE));
  program
    .command("run")
    .description("runs the proxy in the foreground; SIGHUP reads the file anew, SIGTERM stops")
    .option("-c, --config <file>", "configuration file", DEFAULT_FILE)
    .action((options: { config: string }) => void run(options.config));
  program
    .command("check")
    .description("says in words what a configuration file will do, or what is wrong with it")
    .option("-c, --config <file>", "configuration file", DEFAULT_FILE)
    .action((options: { config: string }) => {
      process.stdout.write(describe(load(options.config) ?? process.exit(EXIT_USAGE)));
    });
  program.parse([...argv]);
}

async function run(file: string): Promise<void> {
  const config = load(file) ?? process.exit(EXIT_USAGE);
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
    const next = load(file);
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

/** Undefined when the file can't be used; what is wrong has been printed then. */
function load(file: string): Config | undefined {
  let text: string;
  try {
    text = fs.readFileSync(file, "utf8");
  } catch (error) {
    process.stderr.write(`${file}: can't be read: ${error instanceof Error ? error.message : String(error)}\n`);
    return undefined;
  }
  const folder = path.dirname(path.resolve(file));
  const { config, problems } = loadConfig(text, (given) => path.resolve(folder, given));
  for (const { line, column, path: where, message } of problems) {
    process.stderr.write(`${file}:${line}:${column}: ${where === "" ? "" : `${where} `}${message}\n`);
  }
  return problems.length === 0 ? config : undefined;
}
