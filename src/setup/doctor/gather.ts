/**
 * Gathers the facts: everything at once, and each thing with a time limit of its own.
 *
 * Facts are texts, as files and commands give them, and checks are functions of these texts: the output of a router that isn't at hand is
 * a test case. A cure is a list of the family's own command lines: what is printed is what `--fix` runs.
 *
 * A running branchline's own view of a peer comes before doctor's OPTIONS, and those leave from the `listen` address that the
 * proxy's locator would choose (`probe.ts`): a fresh socket may be answered where branchline isn't.
 */

import { CONTROL_FILE, type Config } from "../../app/config/config.ts";
import type { ControlAnswer, RunningStatus } from "../../app/control.ts";
import { ipVersion } from "../../base/ip-range.ts";
import { askControl, believedOwners, listeningSockets } from "../../io/node/control-socket.ts";
import {
  bindFault,
  certificateDates,
  fileStamp,
  readMachine,
  runCommand,
  within,
  writeFault,
} from "../../io/node/host.ts";
import { readAddresses } from "../../io/node/interfaces.ts";
import { readText } from "../../io/node/read-text.ts";
import { resolve } from "../../io/node/resolve.ts";
import { parseHosts, parseResolvConf } from "../../transport/dns/resolver-files.ts";
import { hopOf } from "../../transport/locator.ts";
import { interfacesOf } from "../../transport/own-listener.ts";
import { restartCommand, startCommand } from "../start-command.ts";
import type { Facts, NameFact, PeerFact } from "./facts.ts";
import { commandsFor, FILES, familyOf, filterOf, INTERFACES } from "./families.ts";
import { askPeers } from "./probe.ts";

const COMMAND_ms = 4_000;
/** As long as the proxy waits for one question: what DNS doesn't answer shows in the time that it takes. */
const LOOKUP_ms = 5_000;
const AGAIN_ms = 1_000;

/** What is examined. */
export interface Patient {
  /** The full path of the configuration file. */
  readonly file: string;
  /** Whether another path leads to it. */
  readonly isFile: (path: string) => boolean;
  /** Where members of a group may ask the service; undefined: nowhere. */
  readonly monitorSocket: string | undefined;
  /** What the file says; with faults in it, what could be read, and defaults. */
  readonly config: Config;
  /** A line for each fault; empty: the file is right. */
  readonly fileFaults: readonly string[];
  /** When this program was built, ISO 8601. */
  readonly built: string;
}

/** Facts that take time, and are left out when no check wants them. */
export type Slow = "names" | "peers";

/** Reads, asks and tries; changes nothing. Takes 8 s at the most. */
export async function gather(patient: Patient, wanted: ReadonlySet<Slow>): Promise<Facts> {
  const { config, file, fileFaults, built } = patient;
  const addresses = readAddresses() ?? [];
  const interfaces = interfacesOf(addresses);
  for (const listener of config.listeners) listener.settle(interfaces);
  // An interface that has no address of its own has a filter too.
  const devices = readText(INTERFACES)?.split("\n") ?? addresses.map(({ device }) => device);
  const filters = ["all", ...new Set(devices)].map(filterOf);
  const files = Object.fromEntries([...FILES, ...filters].map((one) => [one, readText(one)]));
  const family = familyOf(files);
  // A port that is free is used by probes afterwards.
  const ports = await Promise.all(
    config.listeners.map(({ protocol, address, port }) => bindFault(protocol, address, port)),
  );
  const asking = askRunning(patient);
  const [said, first, names, peers] = await Promise.all([
    Promise.all(commandsFor(family, config).map(run)),
    asking,
    wanted.has("names") ? askServers(config) : [],
    wanted.has("peers") ? askPeers(config, ports, async (role, alias) => knownTo(await asking, role, alias)) : [],
  ]);
  // The probes have taken their time: what is told is how it is now.
  const again = first.status === undefined ? undefined : await within(AGAIN_ms, askRunning(patient));
  const control = again ?? first;
  const told = control.status;
  return {
    ...readMachine(),
    ...control,
    family,
    built,
    file,
    fileFaults,
    start: startCommand(file, (sign) => readText(sign) !== undefined),
    restart: restartCommand(file, (sign) => readText(sign) !== undefined),
    otherFile: told?.file === undefined || patient.isFile(told.file) ? undefined : told.file,
    files,
    said: Object.fromEntries(said),
    addresses,
    ports,
    stateFault: writeFault(config.state.folder),
    stateOwner: fileStamp(config.state.folder).stamp?.owner,
    secrets: secretFiles(config).map((one) => ({ file: one, ...fileStamp(one) })),
    health: healthFile(config),
    certificate: config.tls === undefined ? undefined : certificateDates(config.tls.certificate),
    names,
    peers,
  };
}

function secretFiles({ cluster }: Config): string[] {
  const all = cluster === undefined ? [] : [cluster.secret, cluster.second_secret];
  return all.flatMap((one) => (one !== undefined && "file" in one ? [one.file] : []));
}

function healthFile({ cluster }: Config): Facts["health"] {
  return cluster && { file: cluster.health_file, ...fileStamp(cluster.health_file) };
}

/** The addresses that the branchline that runs has for a peer: DNS may be dead. */
function knownTo({ status }: Control, role: PeerFact["role"], alias: string): readonly string[] {
  const all = (role === "upstream" ? status?.upstream : status?.gateways) ?? [];
  return all.find(({ name }) => name === alias)?.addresses ?? [];
}

/** What the command printed; undefined: nothing, or it isn't there. */
async function run(line: string): Promise<[string, string | undefined]> {
  const { text } = await runCommand(`{ ${line}; } 2>/dev/null`, COMMAND_ms);
  return [line, text === "" ? undefined : text];
}

type Control = Pick<Facts, "isRunning" | "status" | "askFault">;

const NONE_RUNS: Control = { isRunning: false, status: undefined, askFault: undefined };

/**
 * The branchline in the state folder, or at the socket for monitoring, or else the one that was started with this file, wherever
 * its state is.
 */
async function askRunning({ file, config, isFile, monitorSocket }: Patient): Promise<Control> {
  const named = `${config.state.folder}/${CONTROL_FILE}`;
  const monitor = monitorSocket === undefined ? [] : [monitorSocket];
  const sockets = listeningSockets(CONTROL_FILE, believedOwners([file, ...monitor]));
  const all = [named, ...monitor, ...sockets];
  const found = await Promise.all([...new Set(all)].map(askAt));
  const [here = NONE_RUNS] = found;
  // Older versions don't tell which file they run with.
  if (here.status !== undefined && here.status.file === undefined) return here;
  const ours = found.find(({ status }) => status?.file !== undefined && isFile(status.file)) ?? here;
  // A folder that may not be entered says nothing about a socket in it; the kernel lists those that are open.
  return ours.askFault === "EACCES" && sockets.length === 0 ? NONE_RUNS : ours;
}

async function askAt(socket: string): Promise<Control> {
  try {
    const line = await askControl(socket, JSON.stringify({ command: "status" }));
    if (line === undefined) return NONE_RUNS;
    const answer = JSON.parse(line) as ControlAnswer;
    if (answer.ok) return { isRunning: true, status: answer.status as RunningStatus, askFault: undefined };
    return { isRunning: true, status: undefined, askFault: answer.error };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { isRunning: true, status: undefined, askFault: code ?? message };
  }
}

/** Each server about each name of the file. */
function askServers(config: Config): Promise<NameFact[]> {
  const hosts = parseHosts(readText("/etc/hosts") ?? "");
  const own = config.dnsServers;
  const servers = own.length > 0 ? own : parseResolvConf(readText("/etc/resolv.conf") ?? "").servers;
  const hops = config.site.upstream.targets.map(hopOf).filter(({ host }) => ipVersion(host) === 0);
  return Promise.all(
    hops.flatMap((hop) => {
      const name = hop.host;
      return (hosts.has(name) ? ["/etc/hosts"] : servers).map(async (server) => {
        const [found, route] = await Promise.all([
          resolve(config.listeners, hop, hosts.has(name) ? [] : [server], LOOKUP_ms),
          /^[\da-f.:]+$/i.test(server) ? run(`ip route get ${server}`) : undefined,
        ]);
        const addresses = found.addresses && [...new Set(found.addresses.map(({ address }) => address))];
        const { silent, asked, took_ms } = found;
        return { name, server, addresses, silent, asked, took_ms, route: route?.[1] };
      });
    }),
  );
}
