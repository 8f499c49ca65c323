/** `branchline run`: the proxy in the foreground, and its signals. */
import * as path from "path";
import { CONTROL_FILE } from "../app/config/config.ts";
import type { ReadConfig, ReadFile } from "../app/read-config.ts";
import { Service } from "../app/service.ts";
import type { SideDoors } from "../app/side-door.ts";
import { StderrLog } from "../io/node/log.ts";
import { NodeHost } from "../io/node/node-host.ts";
import { tellServiceManager } from "../io/node/service-manager.ts";
import { StateInUse, type StateLock, takeFolder } from "../io/node/state-lock.ts";
import { EXIT_USAGE, EXIT_WORLD } from "./exit.ts";
import { loadFileAndText } from "./load-file.ts";
import { managerWishes, ServiceNews } from "./service-manager.ts";
import { sideDoors } from "./side-doors.ts";
import { startFault } from "./start-fault.ts";

/**
 * What most sites never need. main.ts says how it is loaded: compiled for the binary, a module that loads another one keeps the lines of its
 * source, so only the smallest one does.
 */
export const onDemand: {
  pair: () => Promise<Pick<typeof import("./pair.ts"), "pairOf">>;
  web: () => Promise<Pick<typeof import("./web.ts"), "webDoors">>;
  outlets: () => Promise<Pick<typeof import("./outlets.ts"), "outlets">>;
} = {
  pair: () => Promise.reject(new Error("nothing says how the part for pairs is loaded")),
  web: () => Promise.reject(new Error("nothing says how the part for HTTP is loaded")),
  outlets: () => Promise.reject(new Error("nothing says how the part for events and records is loaded")),
};

/** A branchline that runs, the state folder that it has, and who is told of it. */
interface Running {
  readonly service: Service;
  readonly lock: StateLock;
  readonly news: ServiceNews | undefined;
}

async function start(read: ReadConfig, file: string, readFile: ReadFile, isWanted: () => boolean): Promise<Running> {
  const { config } = read;
  const log = new StderrLog(config.logLevel);
  const wishes = managerWishes(process.env, process.pid);
  const news = wishes && new ServiceNews((words) => tellServiceManager(wishes.socket, words), wishes.watchdog_ms, log);
  let lock: StateLock | undefined;
  try {
    const { state, tls, dnsServers } = config;
    const { folder } = state;
    const place = { folder, socket: `${folder}/${CONTROL_FILE}`, file: path.resolve(file) };
    lock = await takeFolder(place, log, isWanted);
    if (lock === undefined) process.exit(0);
    // Most routers are alone: what a pair needs isn't read there.
    const pair = config.cluster === undefined ? undefined : (await onDemand.pair()).pairOf(config);
    const web = config.http === undefined ? undefined : (await onDemand.web()).webDoors(config, log);
    const { events, hooks, records, hep } = config;
    const tellsByItself = events !== undefined || hooks.length > 0 || records !== undefined || hep !== undefined;
    const outlets = tellsByItself ? (await onDemand.outlets()).outlets(config, log) : undefined;
    const newsDoor: SideDoors = (running) => (news === undefined ? [] : [news.door(() => running.status())]);
    const doors: SideDoors = (running, journal) =>
      [sideDoors(config), web, outlets, newsDoor].flatMap((make) => make?.(running, journal) ?? []);
    const readAnew: ReadFile = () => {
      news?.reloading();
      return readFile();
    };
    const settings = { stateFolder: state.folder, tls, dnsServers, member: pair?.member };
    const connect: ConstructorParameters<typeof Service>[3] = (user) => new NodeHost(settings, log, user);
    const service = new Service(read, path.resolve(file), readAnew, connect, doors, pair?.make);
    await service.start();
    return { service, lock, news };
  } catch (error) {
    lock?.release();
    const fault =
      error instanceof StateInUse ? { error: error.message, cure: inUseCure(error, file) } : startFault(error);
    log.error("start_failed", { ...fault });
    process.exit(EXIT_WORLD);
  }
}

function inUseCure({ isSameFile }: StateInUse, file: string): string {
  return isSameFile
    ? `it runs already: reload it (branchline reload -c ${file}), or stop it`
    : "give this one a folder of its own: state.folder";
}

export async function run(file: string): Promise<void> {
  const read = loadFileAndText(file) ?? process.exit(EXIT_USAGE);
  process.title = "branchline";
  const readFile: ReadFile = () => {
    const faults: string[] = [];
    return loadFileAndText(file, (fault) => void faults.push(fault)) ?? { faults };
  };
  // Before anything else: the sender of a signal can't know how far we are.
  process.on("SIGHUP", async () => {
    (await started).service.reload();
  });
  let isStopping = false;
  const stop = async () => {
    if (isStopping) return;
    isStopping = true;
    const { service, lock, news } = await started;
    news?.stopping();
    const exit = () => {
      lock.release();
      process.exit(0);
    };
    service.stop().then(exit, exit);
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  const started = start(read, file, readFile, () => !isStopping);
  await started;
}
