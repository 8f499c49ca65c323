/** `branchline run`: the proxy in the foreground, and its signals. */
import * as path from "path";
import type { Config } from "../app/config/config.ts";
import { type ReadFile, Service } from "../app/service.ts";
import { StderrLog } from "../io/node/log.ts";
import { NodeHost } from "../io/node/node-host.ts";
import { EXIT_USAGE, EXIT_WORLD } from "./exit.ts";
import { loadFile } from "./load-file.ts";
import { sideDoors } from "./side-doors.ts";
import { startFault } from "./start-fault.ts";

async function start(config: Config, file: string, readFile: ReadFile): Promise<Service> {
  const log = new StderrLog(config.logLevel);
  try {
    const { state, tls, dnsServers } = config;
    const settings = { stateFolder: state.folder, tls, dnsServers };
    const doors = sideDoors(config);
    const service = new Service(
      config,
      path.resolve(file),
      readFile,
      (user) => new NodeHost(settings, log, user),
      doors,
    );
    await service.start();
    return service;
  } catch (error) {
    log.error("start_failed", { ...startFault(error) });
    process.exit(EXIT_WORLD);
  }
}

export async function run(file: string): Promise<void> {
  const config = loadFile(file) ?? process.exit(EXIT_USAGE);
  process.title = "branchline";
  const readFile: ReadFile = () => {
    const faults: string[] = [];
    const next = loadFile(file, (fault) => void faults.push(fault));
    return next === undefined ? { faults } : { config: next };
  };
  // Before anything else: the sender of a signal can't know how far we are.
  process.on("SIGHUP", async () => {
    (await started).reload();
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
  const started = start(config, file, readFile);
  await started;
}
