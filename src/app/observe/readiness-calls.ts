/** Readiness: whom calls would reach, and by which way. */
import { counted, someOf } from "../words/lines.ts";
import { reasonWords } from "../words/peer-words.ts";
import { fault, ok, orOk, type ReadinessFacts, type ReadinessVerdict, warning } from "./readiness-verdict.ts";

const NAMES_MAX = 8;

/** Whether phones are here that could call and be called. */
export function calledBy({ contacts, status }: ReadinessFacts): ReadinessVerdict[] {
  if (status.phones.contacts === 0) {
    const cure = "# phones: outbound proxy, our address in their network; then branchline registered";
    return [fault("no phone is registered: none could be called", cure)];
  }
  const found: ReadinessVerdict[] = [];
  const cut = contacts.filter(({ connected }) => connected === false).map(({ name }) => name);
  if (cut.length > 0) {
    const text = `no open connection: ${someOf(cut, NAMES_MAX)}; calls may not reach ${cut.length === 1 ? "this phone" : "these phones"}`;
    found.push(
      warning(text, "# a shorter registration.expires_cap, or a keep-alive of the phone's, brings them back sooner"),
    );
  }
  const old = contacts.filter(({ restored }) => restored === true).map(({ name }) => name);
  if (old.length > 0) {
    const text = `not heard since branchline was restarted, and perhaps gone: ${someOf(old, NAMES_MAX)}`;
    found.push(warning(text, "# wait for a REGISTER, or restart the phone"));
  }
  const { at_gateways = 0 } = status.phones;
  if (at_gateways > 0) {
    const text = `${counted(at_gateways, "contact")} registered from the address of a gateway: calls from there can't be told apart`;
    found.push(warning(text, "# give the phone another address than the gateway's"));
  }
  return orOk(found, `${counted(status.phones.contacts, "phone")} registered`);
}

/** Whether calls that the gateway brings would ring somebody. */
export function groups({ site, status }: ReadinessFacts): ReadinessVerdict[] {
  const { huntGroups } = site;
  const { members = [] } = status;
  if (site.gateways.length > 0 && huntGroups.length === 0 && site.extensions.prefixes.length === 0) {
    const cure = 'hunt_groups: {default: {members: ["201", "202"]}}';
    return [
      warning("no hunt group says whom calls from the gateway ring in an outage: those for no extension get 404", cure),
    ];
  }
  const found = huntGroups.flatMap(({ name }) => {
    const own = members.filter(({ group }) => group === name);
    const missing = own.filter(({ registered, member }) => registered === null && !member.includes("@"));
    const names = missing.map(({ member }) => member);
    if (names.length === 0) return [];
    const cure = "# register these phones, or take them out of the file: branchline registered";
    if (missing.length < own.length)
      return [
        warning(
          `group ${name}: ${someOf(names, NAMES_MAX)} ${names.length === 1 ? "isn't" : "aren't"} registered`,
          cure,
        ),
      ];
    return [fault(`group ${name}: none of its phones is registered, so its calls get 480`, cure)];
  });
  return orOk(found, `hunt groups: ${huntGroups.length === 0 ? "none is needed" : "all members are registered"}`);
}

/** Whether calls to the outside have a way out. */
export function gateways({ status }: ReadinessFacts): ReadinessVerdict[] {
  if (status.gateways.length === 0) {
    return [
      fault("the file has no gateway: no call would reach an outside number", "gateways: [sip:ADDRESS-OF-THE-GATEWAY]"),
    ];
  }
  const dead = status.gateways.filter(({ state }) => state === "down");
  const found = dead.map((gateway) => {
    const text = `gateway ${gateway.name} is down: ${reasonWords(gateway) ?? "it hasn't answered yet"}`;
    const cure = `# its power, its cable, its address and its list of allowed addresses: branchline doctor --only gateways`;
    return dead.length === status.gateways.length ? fault(text, cure) : warning(text, cure);
  });
  for (const { role, peer, text, cure } of status.missing_ways ?? []) {
    if (role === "gateway") found.push(fault(`${peer}: ${text}`, cure));
  }
  for (const { name, record_route } of status.gateways) {
    if (record_route !== "missing") continue;
    const cure = "# on the gateway: Record-Route must be copied into its 200; see deploy/trouble.md";
    found.push(warning(`gateway ${name} doesn't copy branchline's Record-Route: its channels would stay taken`, cure));
  }
  return orOk(found, `gateways that aren't down: ${status.gateways.map(({ name }) => name).join(", ")}`);
}

function noGateway({ gateways: all }: ReadinessFacts["status"]): string {
  return all.length === 0 ? "there is no gateway" : "all gateways are down";
}

/** Whether somebody would hear a call for help. */
export function emergency({ site, status }: ReadinessFacts): ReadinessVerdict[] {
  const { numbers, reserve, preempt } = site.emergency;
  if (numbers.length === 0) {
    return [
      fault(
        "the file names no emergency number: such a call gets no channel before others, and waits for upstream",
        'emergency: ["112"]',
      ),
    ];
  }
  const told = numbers.join(", ");
  if (!status.gateways.some(({ state }) => state !== "down")) {
    return [fault(`${noGateway(status)}: a call to ${told} would fail`, "# see gateways above")];
  }
  const isLimited = site.gateways.every((gateway) => gateway.channels !== undefined);
  if (isLimited && reserve === 0 && !preempt) {
    const text = `a call to ${told} finds no channel while ordinary calls have all of them`;
    return [warning(text, `emergency: {numbers: [${numbers.map((one) => `"${one}"`).join(", ")}], reserve: 1}`)];
  }
  return [ok(`${told} would go to ${status.gateways.map(({ name }) => name).join(", ")}`)];
}

/** Whether the gateways that live have channels for as many calls as there usually are. */
export function channels({ site, status, peak }: ReadinessFacts): ReadinessVerdict[] {
  const living = status.gateways.filter(({ state }) => state !== "down");
  if (living.length === 0) return [ok(`${noGateway(status)}: see gateways`)];
  if (living.some(({ channels: most }) => most === undefined))
    return [ok("a gateway has no limit of calls in the file")];
  const all = living.reduce((sum, { channels: most = 0 }) => sum + most, 0);
  const free = Math.max(0, all - site.emergency.reserve);
  const text = `${counted(free, "channel")} for ordinary calls, ${counted(peak, "call")} at once on the busiest of the last days`;
  if (peak <= free) return [ok(text)];
  return [
    warning(
      `${text}, those between phones among them: others would get 480`,
      "# another gateway or line; or gateways.channels, if the file says too few",
    ),
  ];
}
