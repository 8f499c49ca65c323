/** Readiness: this router, its file and its memory. */
import type { ClusterFacts } from "../cluster-facts.ts";
import { routeFaultText } from "../words/anycast-words.ts";
import { CERTIFICATE_LEFT_days, certificateText } from "../words/certificate-words.ts";
import { counted } from "../words/lines.ts";
import { heardWords } from "../words/member-words.ts";
import { reasonWords } from "../words/peer-words.ts";
import { span } from "../words/times.ts";
import { fault, isOutage, ok, orOk, type ReadinessFacts, type ReadinessVerdict, warning } from "./readiness-verdict.ts";

/** A phone that is away for longer than that wasn't there in many an outage. */
const EXPIRES_MAX_ms = 3_600_000;
const DRILL_days = 180;
/** Phones that are proposed for a drill: they can call each other too. */
const DRILL_PHONES = 2;
/** A user that a shell, and a list with commas, take as it is. */
const PLAIN = /^[\w.+-]+$/;

/** Whether an outage would be noticed. */
export function upstream({ status }: ReadinessFacts): ReadinessVerdict[] {
  const { force, forced } = status;
  if (force !== "auto") {
    const cure =
      forced?.by === "file" ? "# upstream.force: auto in the file, then branchline reload" : "branchline force auto";
    const text = `upstream is forced ${force}, whatever is seen of it`;
    return [force === "up" ? fault(`${text}: each call would first wait for upstream`, cure) : warning(text, cure)];
  }
  if (status.upstream.length === 0)
    return [warning("no upstream is known yet: nothing is watched", "upstream: sip:PBX")];
  const deaf = status.upstream.filter(({ answers_options }) => answers_options === false);
  const found = deaf.map(({ name }) =>
    warning(
      `${name} answers calls and no OPTIONS: only the first call of an outage would find it out`,
      "# on the PBX: answer OPTIONS from this router",
    ),
  );
  const down = status.upstream.filter(({ state }) => state === "down");
  for (const peer of down) {
    const why = reasonWords(peer) ?? "it hasn't answered yet";
    found.push(warning(`${peer.name} is down now: ${why}`, "branchline doctor --only upstream"));
  }
  return orOk(found, "upstream is watched");
}

/** Whether phones and gateways reach us. */
export function listen({ status }: ReadinessFacts): ReadinessVerdict[] {
  // At the other router of a pair, a shared address is where it should be.
  const shared = (status.cluster?.shared ?? []).map(({ address }) => address);
  const away = status.listen.filter(
    ({ name, address }) => address === null && !shared.some((one) => name.includes(one)),
  );
  const found = away.map(({ name }) =>
    warning(`${name} isn't on this router: requests to it get no answer`, "ip address"),
  );
  for (const { role, peer, text, cure } of status.missing_ways ?? []) {
    if (role === "upstream") found.push(warning(`${peer}: ${text}`, cure));
  }
  return orOk(found, "all listen addresses are here");
}

/** Whether phones come back often enough to be known when it happens. */
export function expires({ site }: ReadinessFacts): ReadinessVerdict[] {
  const { expires_cap_ms } = site.registration;
  const text = `phones register at least every ${span(expires_cap_ms / 1_000)}`;
  if (expires_cap_ms <= EXPIRES_MAX_ms) return [ok(text)];
  const why = "a phone that has moved, or was restarted, may not be known for so long";
  return [warning(`${text}: ${why}`, "registration: {expires_cap: 5m}")];
}

/** Whether phones would be known after a power cut, which often comes with an outage. */
export function stored({ unsaved }: ReadinessFacts): ReadinessVerdict[] {
  if (unsaved === undefined) return [ok("registrations are kept over a restart")];
  const text = `registrations can't be written (${unsaved}): after a power cut no phone would be known`;
  return [fault(text, "branchline doctor --only storage")];
}

/** Whether there is room for what an outage brings. */
export function tables({ status }: ReadinessFacts): ReadinessVerdict[] {
  const full = status.tables.filter(({ size, limit }) => limit > 0 && size >= limit);
  const found = full.map(({ name, limit }) =>
    warning(`table ${name} is full (${limit})`, "# see Limits in deploy/security.md; branchline status --verbose"),
  );
  return orOk(found, "no table is full");
}

/** Whether a restart would bring what runs now. */
export function file({ status }: ReadinessFacts): ReadinessVerdict[] {
  const { reload_refused: refused } = status;
  if (refused === undefined) return [ok("the last reload, if any, was taken over")];
  const text = "the last reload was refused: a restart would bring another configuration, or none";
  return [
    warning(
      text,
      refused.reason === "needs_restart" ? "# restart branchline" : "branchline check",
      "branchline reload",
    ),
  ];
}

/** Whether the clock can be right: times in reports, and certificates, depend on it. */
export function clock({ status, built }: ReadinessFacts): ReadinessVerdict[] {
  const { now = "", certificate: own } = status;
  if (now >= built) return [ok(`the clock says ${now}`)];
  const text = `the clock says ${now}, before this program was built`;
  const cure = "branchline doctor --only clock";
  if (own === undefined) return [warning(`${text}: the times in its records would be wrong`, cure)];
  return [fault(`${text}: no certificate would be believed`, cure)];
}

/** How long phones will go on to believe our certificate. */
export function certificate({ status: { certificate: own } }: ReadinessFacts): ReadinessVerdict[] {
  if (own === undefined) return [ok("the file has no TLS")];
  const { file: path, left_days } = own;
  const text = certificateText(own);
  if (text === undefined || left_days === null)
    return [warning(`the dates in ${path} can't be read`, "branchline doctor --only certificate")];
  const cure = "# renew it, then `branchline reload`";
  if (left_days < 0) return [fault(`${text}: TLS phones stay away`, cure)];
  return [left_days < CERTIFICATE_LEFT_days ? warning(`${text} only`, cure) : ok(text)];
}

/** Whether another member of the cluster would take over. */
export function pair({ status: { cluster } }: ReadinessFacts): ReadinessVerdict[] {
  if (cluster === undefined) return [ok("this router is alone")];
  if (cluster.mode === "anycast") return anycast(cluster);
  const found = cluster.members
    .filter(({ life }) => life !== "alive")
    .map(({ name }) => warning(`${name} isn't heard: nothing would take over`, "branchline doctor --only pair,vrrp"));
  if (cluster.state !== "active") found.push(warning(`this router is ${cluster.state}`, "branchline join"));
  return orOk(found, "the other router is heard");
}

function anycast({ name, members, state, route }: ClusterFacts): ReadinessVerdict[] {
  const isAnyAlive = members.some(({ life }) => life === "alive");
  const harm = isAnyAlive ? "one member fewer would take over" : "nothing would take over";
  const found = members
    .filter(({ life }) => life !== "alive")
    .map((member) => {
      const heard = heardWords(member);
      const text =
        heard === undefined ? `${member.name} isn't heard: ${harm}` : `${member.name} isn't heard here, and ${heard}`;
      return warning(text, "branchline doctor --only members");
    });
  if (state !== "active") found.push(warning(`this member is ${state}`, "branchline join"));
  const routeFault = route && routeFaultText(name, route);
  if (routeFault !== undefined) found.push(warning(routeFault, "branchline doctor --only anycast"));
  return orOk(found, members.length === 1 ? "the other member is heard" : "the other members are heard");
}

/** Whether it has been tried. */
export function drill({ drill: last, contacts, status }: ReadinessFacts): ReadinessVerdict[] {
  if (status.cluster?.mode === "anycast") return [ok("no drill can begin behind an anycast address")];
  const users = contacts.map(({ name }) => name.slice(0, name.lastIndexOf("@"))).filter((user) => PLAIN.test(user));
  const phones = [...new Set(users)].sort().slice(0, DRILL_PHONES);
  const command = `branchline drill --phones ${phones.length < DRILL_PHONES ? "all" : phones.join(",")} --for 10m`;
  // A drill begins while upstream is well, and not before.
  const cure = isOutage(status) ? `# after the outage: ${command}` : command;
  if (last === undefined) return [warning("no drill is known", cure)];
  if (last.end !== "done") return [warning(`the last drill ended early: ${last.end}`, cure)];
  const text = `the last drill was ${counted(last.age_days, "day")} ago`;
  return [last.age_days > DRILL_days ? warning(text, cure) : ok(text)];
}
