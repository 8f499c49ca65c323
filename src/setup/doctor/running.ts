/** The branchline that runs with this file: whether it does, and which phones have come to it. */
import type { Config } from "../../app/config/config.ts";
import { counted } from "../../app/words/lines.ts";
import { exactSpan, span } from "../../app/words/times.ts";
import { IpRange } from "../../base/ip-range.ts";
import { hostText } from "../../message/uri.ts";
import { type Cure, type Facts, fault, NEEDS_ROOT, ok, skipped, type Verdict, warning } from "./facts.ts";

/** Told at the most; `branchline check` tells all. */
const FAULTS_MAX = 10;

/** The faults in the file. Its readable part is examined all the same. */
export function file({ file: path, fileFaults }: Facts): Verdict[] {
  if (fileFaults.length === 0) return [ok(`${path} is valid`, { file: path })];
  const told = fileFaults
    .slice(0, FAULTS_MAX)
    .map((line) => fault(line, ["# correct this in the file"], { file: path }));
  const rest = fileFaults.length - told.length;
  const more = rest === 0 ? "" : `, and ${counted(rest, "fault")} more`;
  const cure = [
    `# branchline doesn't start before this is corrected${more}; one that runs keeps its old configuration`,
  ];
  return told.map((one, index) => (index < told.length - 1 ? one : { ...one, cure }));
}

/** Whether a branchline runs with this file, and whether a state is forced on it. */
export function running(facts: Facts): Verdict[] {
  const { isRunning, status, start, otherFile, fileFaults } = facts;
  if (!isRunning) {
    const cure: Cure = fileFaults.length === 0 ? [start] : ["# once the file has no fault:", start];
    return [warning("no branchline runs with this file: phones get no answer", cure, { running: false })];
  }
  if (status === undefined) {
    const seen = notSeen(facts);
    return [isDenied(facts) ? seen : warning(seen.text, [restartCure(facts)], { running: true })];
  }
  const { version, up_s, force, forced, reload_refused: refused } = status;
  const text = `branchline ${version} has run for ${span(up_s)}`;
  const known = { running: true, version, up_s, force };
  if (otherFile !== undefined) {
    const cure = "# state: a folder of its own for each file";
    return [warning(`${text}, but with another file: ${otherFile}`, [cure], { ...known, file: otherFile })];
  }
  const verdicts: Verdict[] = [];
  if (force !== "auto") {
    const isByFile = forced?.by === "file";
    const time = forced?.left_s === undefined ? "" : ` for another ${exactSpan(forced.left_s)}`;
    const what = `${text}; upstream is forced ${force}${isByFile ? " by the file" : time}, whatever is seen of it`;
    verdicts.push(warning(what, [forceCure(status)], known));
  }
  if (refused !== undefined) {
    const what = "the last reload was refused: the configuration from before is in use";
    const cure = refused.reason === "needs_restart" ? restartCure(facts) : "branchline reload";
    verdicts.push(warning(what, [cure], { ...known, refused_at: refused.at }));
  }
  return verdicts.length > 0 ? verdicts : [ok(text, known)];
}

/** What ends a forced state. */
export function forceCure(status: Facts["status"]): string {
  return status?.forced?.by === "file"
    ? "# upstream.force: auto in the file, then branchline reload"
    : "branchline force auto";
}

/** How the branchline that runs is restarted. */
export function restartCure({ restart }: Facts): string {
  return restart ?? "# stop branchline, then start it again";
}

/** What only a branchline that runs could tell, when it doesn't. */
export function notSeen(facts: Facts): Verdict {
  const { isRunning, status, askFault } = facts;
  if (!isRunning) return skipped("seen only while branchline runs");
  if (status !== undefined) return skipped("the branchline that runs is of a version that doesn't tell");
  if (isDenied(facts)) return skipped(NEEDS_ROOT);
  return skipped(`a branchline runs, but doesn't answer: ${askFault ?? "no reason given"}`);
}

function isDenied({ askFault }: Facts): boolean {
  return askFault === "EACCES" || askFault === "EPERM";
}

/** Whether phones find us in their network, who has registered, and how much was turned away. */
export function phones(facts: Facts, { cluster, listeners, site }: Config): Verdict[] {
  const { addresses, status } = facts;
  const networks = site.localnet.ranges.map(({ text }) => text).join(", ");
  const near = addresses.filter(({ address }) => site.localnet.contains(address)).map(({ address }) => address);
  const around = addresses.filter(({ cidr }) => {
    const net = cidr === null ? undefined : IpRange.parse(cidr);
    return net !== undefined && site.localnet.ranges.some((range) => range.overlaps(net));
  });
  const verdicts: Verdict[] = [];
  // A shared address may be at the other member of a pair.
  const isShared = (address: string) => cluster?.shared.some((one) => one.address === address) === true;
  const serves = (address: string) => near.includes(address) || (isShared(address) && site.localnet.contains(address));
  if (!listeners.some(({ address }) => serves(address))) {
    const proposal: Cure = near[0] === undefined ? ["ip address"] : [`# listen: [udp:${hostText(near[0])}:5060]`];
    const how =
      around.length > 0 || near.length > 0 ? "listen names none of them" : "no interface that is up lies there";
    const text = `phones are in ${networks}, but ${how}: they reach us only if routes and firewall let them`;
    verdicts.push(warning(text, proposal, { localnet: site.localnet.ranges.map((range) => range.text) }));
  }
  if (status === undefined) return [...verdicts, notSeen(facts)];
  const { contacts } = status.phones;
  const { forbidden = 0, stranger = 0 } = status.dropped;
  const known = { phones: contacts, turned_away: forbidden + stranger };
  const strangers = `${counted(forbidden + stranger, "request")} came from outside localnet and upstream`;
  const cure: Cure = ["# phones: outbound proxy, our address in their network; domain, the PBX"];
  if (contacts > 0) verdicts.push(ok(`${counted(contacts, "phone")} registered; ${strangers}`, known));
  else verdicts.push(warning(`no phone has registered yet; ${strangers}`, cure, known));
  return verdicts;
}
