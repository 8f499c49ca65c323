/** The router itself: ports, space, memory, routes, start at boot. */
import type { Config } from "../../app/config/config.ts";
import { hostText } from "../../message/uri.ts";
import { placesOf } from "../init/places.ts";
import { type Facts, type Family, fault, NEEDS_FILE, ok, skipped, type Verdict, warning } from "./facts.ts";
import {
  BUFFER,
  EDGEOS_BOOT,
  EDGEOS_RUNS,
  ENTWARE_BOOT,
  MEMORY,
  MOUNTS,
  OPENWRT_BOOT,
  ROUTES,
  SOCKETS,
  SYSTEMD_BOOT,
  SYSTEMD_UNITS,
  space,
  TOMATO_RUNS,
} from "./families.ts";
import { acceptWords, isStrict, strictCure } from "./forged.ts";
import { restartCure } from "./running.ts";
import { sidesOf } from "./sides.ts";
import { sizeText } from "./units.ts";

/** Whether each address of `listen` is there, and its port free, ours or another program's. */
export function ports(facts: Facts, { cluster, listeners }: Config): Verdict[] {
  const { ports: found, isRunning, status, said } = facts;
  return listeners.map(({ name, isAway, isInterface, protocol, transport, address, port }, index) => {
    const where = `${protocol}:${hostText(address)}:${port}`;
    const known = { listen: name, address: isAway ? null : address, port, error: found[index] ?? null };
    if (isAway && isInterface)
      return fault(`${name} has no address now: calls by it reach nothing`, ["ip address"], known);
    const isHere = facts.addresses.some((own) => own.address === address);
    if (!isHere && cluster?.shared.some((shared) => shared.address === address) === true)
      return ok(`${where} is shared, and isn't here now`, known);
    const isTold = status === undefined || status.listen.some((one) => one.name === name);
    switch (found[index]) {
      case undefined:
        if (!isRunning) return ok(`${where} is free`, known);
        return warning(`the branchline that runs doesn't listen on ${where}`, [restartCure(facts)], known);
      case "EADDRNOTAVAIL":
        return fault(`no interface that is up has ${address}: calls by it reach nothing`, ["ip address"], known);
      case "EADDRINUSE": {
        if (isRunning && isTold) return ok(`${where} is ours`, known);
        return taken(where, transport.layer, port, said[SOCKETS]);
      }
      default:
        return skipped(`${where} can't be tried: ${found[index]}`, known);
    }
  });
}

/** Which program it is, ss and netstat say each in their own way. */
function taken(where: string, protocol: string, port: number, sockets = ""): Verdict {
  const line = sockets.split("\n").find((one) => one.startsWith(protocol) && one.includes(`:${port} `));
  const [, name, id, process = id, program = name] = /"([^"]+)",pid=(\d+)|(\d+)\/(\S+)/.exec(line ?? "") ?? [];
  const who = program === undefined ? "another program" : `${program} (process ${process})`;
  const stop = process === undefined ? "ss -lnptu" : `kill ${process}`;
  const known = { listen: where, program: program ?? null, process_id: process === undefined ? null : Number(process) };
  const text = `${who} has ${where}: branchline can't start`;
  return fault(
    text,
    [stop, "# for good: take it out of the programs that start at boot, or another port in listen"],
    known,
  );
}

/** kB that the state folder needs at least, and what a firmware upgrade of EdgeOS wants for its copy of /config. */
const FREE_LEAST_kB = 1_024;
const FREE_EDGEOS_kB = 20_000;
/** Kinds of file systems that a reboot empties. */
const IN_MEMORY: readonly string[] = ["tmpfs", "ramfs"];

/** Room for the state folder, and whether it outlives a reboot. */
export function storage(facts: Facts, config: Config): Verdict[] {
  const { said, files, stateFault, family, isRoot } = facts;
  const [, free, mount = ""] = /\s(\d+)\s+\d+%[ \t]*(\S.*)?$/m.exec(said[space(config)] ?? "") ?? [];
  const { folder } = config.state;
  const kind = fileSystemAt(files[MOUNTS], mount);
  const known = { folder, free_kb: free === undefined ? null : Number(free), file_system: kind ?? null };
  const verdicts: Verdict[] = [];
  if (stateFault !== undefined && (isRoot || stateFault === "EROFS")) {
    const text = `${folder} can't be written (${stateFault}): a restart forgets phones, and calls in progress lose their way`;
    return [warning(text, ["# state: a folder that can be written"], known)];
  }
  if (kind !== undefined && IN_MEMORY.includes(kind)) {
    const lasting = placesOf(facts.file, () => false, "").state ?? "a folder on disk or flash";
    const text = `${folder} is on a RAM disk (${kind}): a reboot forgets phones, and none is called before it registers again`;
    verdicts.push(warning(text, [`# state: ${lasting}`], known));
  }
  if (free === undefined) return [...verdicts, skipped("df doesn't say how much space is left", known)];
  const text = `${sizeText(Number(free))} free for ${folder}`;
  if (Number(free) < FREE_LEAST_kB) {
    verdicts.push(fault(`only ${text}: phones will be forgotten at the next restart`, [`df -k ${folder}`], known));
  } else if (family === "edgeos" && Number(free) < FREE_EDGEOS_kB) {
    const tight = `${text}: the next firmware upgrade copies /config and won't fit`;
    verdicts.push(warning(tight, ["delete system image"], known));
  }
  return verdicts.length > 0 ? verdicts : [ok(text, known)];
}

/** The kind of file system at a mount point: the last one that was mounted there. */
function fileSystemAt(mounts: string | undefined, mount: string): string | undefined {
  const lines = (mounts ?? "").split("\n").map((line) => line.split(" "));
  const unescaped = (path = "") =>
    path.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
  return lines.reverse().find(([, point]) => mount !== "" && unescaped(point) === mount)?.[2];
}

/** kB that must stay available while branchline runs: 12 MB, which is also what the binary needs to start. */
const BESIDE_kB = 12_288;

/** Memory for branchline, or beside it once it runs. */
export function memory({ files, isRunning, start_kB }: Facts): Verdict[] {
  const read = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+)`, "m").exec(files[MEMORY] ?? "")?.[1]);
  const available = read("MemAvailable") || read("MemFree") + read("Buffers") + read("Cached");
  if (Number.isNaN(available)) return [skipped("/proc/meminfo can't be read")];
  const known = { available_kb: available };
  const text = `${sizeText(available)} of memory available`;
  if (available >= (isRunning ? BESIDE_kB : start_kB)) return [ok(text, known)];
  const harm = `only ${text}: the kernel may kill branchline, and calls wait until it is back`;
  return [warning(harm, ["# stop what isn't needed"], known)];
}

/** The default route, and where packets with a forged source address may come in. */
export function routes(facts: Facts, config: Config): Verdict[] {
  const { files, peers } = facts;
  const table = files[ROUTES];
  const above = peers.filter(({ role }) => role === "upstream");
  const verdicts: Verdict[] = [];
  // Destination and mask 0, flag "up".
  const hasDefault = /^\S+\s+00000000\s+\S+\s+\S*[13579BDF]\s+\S+\s+\S+\s+\S+\s+00000000/m.test(table ?? "");
  if (table === undefined) verdicts.push(skipped("/proc/net/route can't be read"));
  else if (!hasDefault && above.every(({ source }) => source === undefined)) {
    // The check `listen` names each address that no route leads to, as a fault too.
    if (above.length > 0)
      verdicts.push(fault("there is no default route, and no other route to upstream", ["ip route"]));
    else verdicts.push(warning("there is no default route, and upstream's address isn't known", ["ip route"]));
  }
  // What belongs to the LAN, the file says.
  const isBlind = facts.fileFaults.length > 0 && config.site.localnet.ranges.length === 0;
  if (isBlind) return [...verdicts, skipped(NEEDS_FILE)];
  const outer = sidesOf(facts, config).flatMap(({ device, isOuter }) => (isOuter ? [device] : []));
  const judged = outer.length > 0 ? ", and packets with a forged source address from the LAN are refused" : "";
  const loose = outer.filter((device) => !isStrict(facts, device));
  if (loose.length > 0) {
    const text = `${acceptWords(loose)} with a forged source address from the LAN: a stranger can pretend to be a phone`;
    verdicts.push(warning(text, strictCure(facts, loose), { interfaces: loose }));
  }
  return verdicts.length > 0
    ? verdicts
    : [
        ok(`${hasDefault ? "there is a default route" : "a route leads to upstream, no default route"}${judged}`, {
          interfaces: outer,
        }),
      ];
}

/** The kernel grants twice as much; below, a burst of REGISTERs after an outage is lost. */
const BUFFER_LEAST_bytes = 262_144;
const BUFFER_FILE = "/etc/sysctl.d/90-branchline.conf";

/** What the kernel lets a socket buffer. */
export function buffers({ files, family }: Facts): Verdict[] {
  const bytes = files[BUFFER]?.trim();
  if (bytes === undefined) return [skipped(`${BUFFER} can't be read`)];
  const known = { rmem_max_bytes: Number(bytes) };
  const size = sizeText(Number(bytes) / 1_024);
  if (Number(bytes) >= BUFFER_LEAST_bytes) return [ok(`sockets may buffer ${size}`, known)];
  const text = `sockets may buffer only ${size}: when all phones register at once some are lost`;
  const set = "net.core.rmem_max=4194304";
  const now = `sysctl -w ${set}`;
  const before = `sysctl -w net.core.rmem_max=${bytes}`;
  if (family === "debian")
    return [{ ...warning(text, [`echo ${set} >${BUFFER_FILE}`, now], known), undo: [`rm ${BUFFER_FILE}`, before] }];
  if (family === "openwrt") {
    return [
      {
        ...warning(text, [`echo ${set} >>/etc/sysctl.conf`, now], known),
        undo: [`sed -i /^${set}/d /etc/sysctl.conf`, before],
      },
    ];
  }
  return [warning(text, [now, "# and in a script that runs at boot"], known)];
}

/** What starts it at boot, what is there to be started, and the command that does it, with its opposite. */
type Way = readonly [boolean, boolean, string, string];

/** FreshTomato has a package of its own, or Entware's. */
function tomatoWay(hasEntware: boolean, found = ""): Way {
  const [, state, place = ""] = /^(on|off) (.*)$/m.exec(found) ?? [];
  const service = `${place}/branchline/service.sh`;
  return [hasEntware || state === "on", state === "off", `${service} enable`, `${service} disable`];
}

/** Whether branchline is started at boot, in the family's own way. */
export function boot({ family, files, said }: Facts): Verdict[] {
  const isListed = (path: string) => /^S\d+branchline/m.test(files[path] ?? "");
  const has = (path: string) => files[path] !== undefined;
  const hasUnit = SYSTEMD_UNITS.some(has);
  const systemd = [has(SYSTEMD_BOOT), hasUnit, "systemctl enable branchline", "systemctl disable branchline"] as const;
  const ways: Readonly<Record<Family, Way | undefined>> = {
    edgeos: [said[EDGEOS_RUNS] !== undefined, has(EDGEOS_BOOT), `chmod 755 ${EDGEOS_BOOT}`, `chmod 644 ${EDGEOS_BOOT}`],
    openwrt: [
      isListed(OPENWRT_BOOT) || isListed(ENTWARE_BOOT),
      /^branchline$/m.test(files["/etc/init.d"] ?? ""),
      "/etc/init.d/branchline enable",
      "/etc/init.d/branchline disable",
    ],
    tomato: tomatoWay(isListed(ENTWARE_BOOT), said[TOMATO_RUNS]),
    debian: systemd,
    unknown: hasUnit ? systemd : undefined,
  };
  const way = ways[family];
  if (way === undefined) return [skipped("how programs start at boot here isn't known")];
  const [isSet, isInstalled, cure, undo] = way;
  const known = { enabled: isSet };
  if (isSet) return [ok("branchline starts at boot", known)];
  const text = "branchline isn't set to start at boot: a power cut leaves phones without it";
  if (isInstalled) return [{ ...warning(text, [cure], known), undo: [undo] }];
  return [warning(text, ["# install the package for this router (deploy/README.md)"], known)];
}
