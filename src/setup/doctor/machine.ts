/** The router itself: clock, ports, space, memory, routes, start at boot; and whether phones reach it. */
import type { Config } from "../../app/config/config.ts";
import { IpRange } from "../../base/ip-range.ts";
import { hostText } from "../../message/uri.ts";
import { type Facts, type Family, fault, ok, unseen, type Verdict, warning } from "./facts.ts";
import {
  BUFFER,
  configure,
  deviceOf,
  EDGEOS_BOOT,
  EDGEOS_RUNS,
  ENTWARE_BOOT,
  MEMORY,
  OPENWRT_BOOT,
  ROUTES,
  SOCKETS,
  SYSTEMD_BOOT,
  SYSTEMD_UNIT,
  space,
} from "./families.ts";
import { isStrict, strictCure } from "./forged.ts";

/** Whether a branchline runs with this file, and how it sees upstream. */
export function running({ isRunning, status }: Facts): Verdict[] {
  if (!isRunning) return [warning("no branchline runs with this file: phones get no answer")];
  if (status === undefined) return [unseen("a branchline runs, but doesn't let us ask it")];
  const bad = status.upstream.filter(({ state }) => state !== "up").map(({ name, state }) => `${name} is ${state}`);
  const text = `branchline ${status.version} has run for ${status.up_s} s`;
  return [bad.length === 0 ? ok(text) : warning(`${text}; ${bad.join(", ")}: calls go to the gateway`)];
}

/** Whether each address of `listen` is there, and its port free, ours or somebody else's. */
export function ports({ ports: found, isRunning, said }: Facts, { listeners }: Config): Verdict[] {
  return listeners.map(({ name, isAway, protocol, transport, address, port }, index) => {
    if (isAway) return fault(`${name} has no address now: whoever calls by it reaches nobody`, ["ip address"]);
    const where = `${protocol}:${hostText(address)}:${port}`;
    switch (found[index]) {
      case undefined:
        if (!isRunning) return ok(`${where} is free`);
        return warning(`the branchline that runs doesn't listen on ${where}: restart it`);
      case "EADDRNOTAVAIL":
        return fault(`no interface that is up has ${address}: whoever calls by it reaches nobody`, ["ip address"]);
      case "EADDRINUSE":
        return isRunning ? ok(`${where} is ours`) : taken(where, transport.layer, port, said[SOCKETS]);
      default:
        return unseen(`${where} can't be tried: ${found[index]}`);
    }
  });
}

/** Which program it is, ss and netstat say each in their own way. */
function taken(where: string, protocol: string, port: number, sockets = ""): Verdict {
  const line = sockets.split("\n").find((one) => one.startsWith(protocol) && one.includes(`:${port} `));
  const [, name, id, process = id, program = name] = /"([^"]+)",pid=(\d+)|(\d+)\/(\S+)/.exec(line ?? "") ?? [];
  const who = program === undefined ? "another program" : `${program} (process ${process})`;
  return fault(`${who} has ${where}: branchline can't start`, [
    process === undefined ? "ss -lnptu" : `kill ${process}`,
  ]);
}

/** Whether the time can be right, and how long our certificate is valid. */
export function clock({ now, built, inTwoWeeks, certificate, family }: Facts, { tls }: Config): Verdict[] {
  const verdicts: Verdict[] = [];
  if (now < built) {
    const cure = {
      edgeos: configure("set system ntp server 0.ubnt.pool.ntp.org"),
      openwrt: ["uci set system.ntp.enabled=1", "uci commit system", "/etc/init.d/sysntpd restart"],
      tomato: ["# Basic, Time: NTP"],
      debian: ["timedatectl set-ntp true"],
      unknown: ["ntpd -q -p pool.ntp.org"],
    };
    const text = `the clock says ${now}, before this program was built`;
    if (tls === undefined) verdicts.push(warning(`${text}: logs and call records lie`, cure[family]));
    else verdicts.push(fault(`${text}: no certificate is believed, so nothing connects over TLS`, cure[family]));
  }
  if (tls !== undefined) {
    const [from, to] = certificate ?? ["", ""];
    if (certificate === undefined) verdicts.push(unseen(`the dates in ${tls.certificate} can't be read`));
    else if (now < from) verdicts.push(fault(`${tls.certificate} is valid from ${from} only: TLS phones stay away`));
    else if (now > to) verdicts.push(fault(`${tls.certificate} has been invalid since ${to}: TLS phones stay away`));
    else if (inTwoWeeks > to)
      verdicts.push(warning(`${tls.certificate} is valid until ${to} only: then TLS phones stay away`));
    else verdicts.push(ok(`${tls.certificate} is valid until ${to}`));
  }
  return verdicts.length > 0 ? verdicts : [ok(`the clock says ${now}`)];
}

/** kB that the state folder needs at least, and what a firmware upgrade of EdgeOS wants for its copy of /config. */
const FREE_LEAST_kB = 1_024;
const FREE_EDGEOS_kB = 20_000;

/** Room for the state folder. */
export function storage({ said, stateFault, family, isRoot }: Facts, config: Config): Verdict[] {
  const [, free] = /\s(\d+)\s+\d+%/.exec(said[space(config)] ?? "") ?? [];
  const folder = config.state.folder;
  if (stateFault !== undefined && (isRoot || stateFault === "EROFS")) {
    return [
      warning(
        `${folder} can't be written (${stateFault}): a restart forgets phones, and calls in progress lose their way`,
        ["# state: a folder that can be written"],
      ),
    ];
  }
  if (free === undefined) return [unseen("df doesn't say how much space is left")];
  const text = `${free} kB are free for ${folder}`;
  if (Number(free) < FREE_LEAST_kB)
    return [fault(`${text}: phones will be forgotten at the next restart`, [`df -k ${folder}`])];
  if (family === "edgeos" && Number(free) < FREE_EDGEOS_kB) {
    return [warning(`${text}: the next firmware upgrade copies /config and won't fit`, ["delete system image"])];
  }
  return [ok(text)];
}

/** kB: what a 54 MB Node needs before it runs, and what the router needs beside it. */
const START_kB = 80_000;
const BESIDE_kB = 16_000;

/** Memory for branchline, or beside it once it runs. */
export function memory({ files, isRunning }: Facts): Verdict[] {
  const read = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+)`, "m").exec(files[MEMORY] ?? "")?.[1]);
  const available = read("MemAvailable") || read("MemFree") + read("Buffers") + read("Cached");
  if (Number.isNaN(available)) return [unseen("/proc/meminfo can't be read")];
  const text = `${available} kB of memory are available`;
  if (available >= (isRunning ? BESIDE_kB : START_kB)) return [ok(text)];
  return [
    warning(`${text}: the kernel may kill branchline, and calls wait until it is back`, ["# stop what isn't needed"]),
  ];
}

/** Whether phones find us in their network, who has registered, and who was turned away. */
export function phones({ addresses, status, isRunning }: Facts, { listeners, site }: Config): Verdict[] {
  const networks = site.localnet.ranges.map(({ text }) => text).join(", ");
  const near = addresses.filter(({ address }) => site.localnet.contains(address)).map(({ address }) => address);
  const around = addresses.filter(({ cidr }) => {
    const net = cidr === null ? undefined : IpRange.parse(cidr);
    return net !== undefined && site.localnet.ranges.some((range) => range.overlaps(net));
  });
  const verdicts: Verdict[] = [];
  if (!listeners.some(({ address }) => near.includes(address))) {
    const proposal = near[0] === undefined ? [] : [`# listen: [udp:${hostText(near[0])}:5060]`];
    const how =
      around.length > 0 || near.length > 0 ? "listen names none of them" : "no interface that is up lies there";
    verdicts.push(
      warning(`phones are in ${networks}, but ${how}: they reach us only if routes and firewall let them`, proposal),
    );
  }
  if (status !== undefined) {
    const { contacts } = status.phones;
    const { forbidden = 0, stranger = 0 } = status.dropped;
    const strangers = `${forbidden + stranger} requests came from outside localnet and upstream`;
    if (contacts > 0) verdicts.push(ok(`${contacts} phones have registered; ${strangers}`));
    else
      verdicts.push(
        warning(`no phone has registered yet; ${strangers}`, [
          "# phones: outbound proxy, our address in their network",
        ]),
      );
  } else
    verdicts.push(unseen(isRunning ? "phones: only root may ask" : "phones can be seen only while branchline runs"));
  return verdicts;
}

/** The default route, and what may come in towards upstream with a forged address. */
export function routes(facts: Facts): Verdict[] {
  const { files, peers } = facts;
  const table = files[ROUTES];
  const verdicts: Verdict[] = [];
  // Destination and mask 0, flag "up".
  const hasDefault = /^\S+\s+00000000\s+\S+\s+\S*[13579BDF]\s+\S+\s+\S+\s+\S+\s+00000000/m.test(table ?? "");
  if (table === undefined) verdicts.push(unseen("/proc/net/route can't be read"));
  else if (!hasDefault)
    verdicts.push(
      warning("there is no default route: upstream is reached only if another route leads there", ["ip route"]),
    );
  const devices = new Set(peers.filter(({ role }) => role === "upstream").map(({ local }) => deviceOf(facts, local)));
  let judged = "";
  for (const device of devices) {
    if (device === undefined || device === "lo") continue;
    judged = ", and forged inside addresses are refused";
    if (isStrict(facts, device)) continue;
    verdicts.push(
      warning(
        `${device} takes packets with forged inside addresses: a stranger can pass for a phone`,
        strictCure(facts, device),
      ),
    );
  }
  return verdicts.length > 0 ? verdicts : [ok(`there is a default route${judged}`)];
}

/** The kernel grants twice as much; below, a burst of REGISTERs after an outage is lost. */
const BUFFER_LEAST_bytes = 262_144;
const BUFFER_FILE = "/etc/sysctl.d/90-branchline.conf";

/** What the kernel lets a socket buffer. */
export function buffers({ files, family }: Facts): Verdict[] {
  const bytes = files[BUFFER]?.trim();
  if (bytes === undefined) return [unseen(`${BUFFER} can't be read`)];
  if (Number(bytes) >= BUFFER_LEAST_bytes) return [ok(`sockets may buffer ${bytes} bytes`)];
  const text = `sockets may buffer only ${bytes} bytes: when all phones register at once some are lost`;
  const set = "net.core.rmem_max=4194304";
  const now = `sysctl -w ${set}`;
  const before = `sysctl -w net.core.rmem_max=${bytes}`;
  if (family === "debian")
    return [{ ...warning(text, [`echo ${set} >${BUFFER_FILE}`, now]), undo: [`rm ${BUFFER_FILE}`, before] }];
  if (family === "openwrt") {
    return [
      {
        ...warning(text, [`echo ${set} >>/etc/sysctl.conf`, now]),
        undo: [`sed -i /^${set}/d /etc/sysctl.conf`, before],
      },
    ];
  }
  return [warning(text, [now, "# and in a script that runs at boot"])];
}

/** Whether branchline is started at boot, in the family's own way. */
export function boot({ family, files, said }: Facts): Verdict[] {
  const isListed = (path: string) => /^S\d+branchline/m.test(files[path] ?? "");
  const has = (path: string) => files[path] !== undefined;
  // What starts it, what is there to be started, and the command that does it, with its opposite.
  const ways: Readonly<Record<Family, readonly [boolean, boolean, string, string] | undefined>> = {
    edgeos: [said[EDGEOS_RUNS] !== undefined, has(EDGEOS_BOOT), `chmod 755 ${EDGEOS_BOOT}`, `chmod 644 ${EDGEOS_BOOT}`],
    openwrt: [
      isListed(OPENWRT_BOOT) || isListed(ENTWARE_BOOT),
      /^branchline$/m.test(files["/etc/init.d"] ?? ""),
      "/etc/init.d/branchline enable",
      "/etc/init.d/branchline disable",
    ],
    tomato: [isListed(ENTWARE_BOOT), false, "", ""],
    debian: [has(SYSTEMD_BOOT), has(SYSTEMD_UNIT), "systemctl enable branchline", "systemctl disable branchline"],
    unknown: undefined,
  };
  const way = ways[family];
  if (way === undefined) return [unseen("how programs start at boot here isn't known")];
  const [isSet, isInstalled, cure, undo] = way;
  if (isSet) return [ok("branchline starts at boot")];
  const text = "branchline isn't set to start at boot: a power cut leaves phones without it";
  return [isInstalled ? { ...warning(text, [cure]), undo: [undo] } : warning(text, ["# install it: README.md"])];
}
