/** The office of the field's cases: three phones, a gateway, headquarters, and a router that has a name. */
import { cseqMethodOf, requestUriOf, type SipText, statusOf } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import type { Address } from "../support/simulation.ts";
import { Site } from "../support/site.ts";

export const OWN: Address = { address: "192.0.2.1", port: 5060 };
export const OUTER: Address = { address: "203.0.113.2", port: 5060 };
export const UPSTREAM: Address = { address: "198.51.100.10", port: 5060 };
export const TRUNK: Address = { address: "192.0.2.3", port: 5060 };
export const DOMAIN = "pbx.example.com";
export const OUR_NAME = "branch.example.com";

const PHONES = [21, 22, 23].map((last) => ({ address: `192.0.2.${last}`, port: 5060 }));
const LISTEN = "listen: [udp:192.0.2.1:5060, udp:203.0.113.2:5060]\n";
const LOCALNET = "localnet: [192.0.2.0/24]\n";
const GATEWAYS = "gateways: [sip:192.0.2.3]\n";

export interface OfficeSettings {
  /** Further keys of the file; one that is there already is replaced. */
  readonly yaml?: string;
  /** Whether the file names upstream; otherwise each domain is its own. */
  readonly hasUpstream?: boolean;
  /** Whether upstream is down, and known to be. */
  readonly isDark?: boolean;
  /** Whether DNS leads our name to us. */
  readonly isInDns?: boolean;
  /** Contacts of 201, 202 and 203, where they differ from the usual ones. */
  readonly contacts?: readonly (string | undefined)[];
}

/** An office whose phones 201, 202 and 203 have registered. */
export class Office {
  readonly site: Site;
  readonly phones: readonly Actor[];
  readonly caller: Actor;
  readonly second: Actor;
  readonly third: Actor;
  readonly gateway: Actor;
  readonly pbx: Actor;

  constructor(settings: OfficeSettings = {}) {
    const { yaml = "", hasUpstream = true, isDark = false, isInDns = true, contacts = [] } = settings;
    const upstream = hasUpstream ? `upstream: sip:${DOMAIN}\n` : "";
    const site = new Site(merged(`${LISTEN}${LOCALNET}${upstream}${GATEWAYS}`, yaml));
    this.site = site;
    site.routes = (address) => (/^192\.0\.2\.|^fd00:/.test(address) ? OWN.address : OUTER.address);
    site.names.set(DOMAIN, [UPSTREAM]);
    if (isInDns) site.names.set(OUR_NAME, [OWN]);
    this.phones = PHONES.map((at, index) => site.actor(`20${index + 1}`, at, OWN));
    const [caller, second, third] = this.phones as readonly [Actor, Actor, Actor];
    this.caller = caller;
    this.second = second;
    this.third = third;
    this.gateway = site.actor("gateway", TRUNK, OWN);
    this.pbx = site.actor("pbx", UPSTREAM, OUTER);
    for (const one of [...this.phones, this.gateway, this.pbx]) {
      one.answers("INVITE", { status: 180 }, { status: 200, after_ms: 200 });
      for (const method of ["REGISTER", "SUBSCRIBE", "MESSAGE", "PUBLISH", "REFER", "INFO"]) {
        one.answers(method, { status: 200 });
      }
    }
    site.run(100);
    for (const [index, phone] of this.phones.entries()) {
      const contact = contacts[index];
      if (contact === undefined) phone.request("REGISTER", `sip:${DOMAIN}`);
      else phone.request("REGISTER", `sip:${DOMAIN}`, [`Contact: ${contact}`], undefined, 1, false);
    }
    site.run(200);
    if (isDark) this.cut();
    this.forget();
  }

  /** Upstream falls silent, and that is noticed. */
  cut(): void {
    this.site.simulation.silence(UPSTREAM);
    this.site.run(60_000);
  }

  /** What has been received so far is none of what is looked at. */
  forget(): void {
    for (const one of [...this.phones, this.gateway, this.pbx]) one.received.length = 0;
  }

  /** Sends a request, lets it take its way, and tells what came of it. */
  ask(from: Actor, method: string, uri: string, extra: readonly string[] = [], withContact = true): Result {
    this.forget();
    from.request(method, uri, extra, undefined, 1, withContact);
    this.site.run(3_000);
    return this.result(from, method);
  }

  result(from: Actor, method: string): Result {
    const isFinal = (message: SipText) => statusOf(message) >= 200 && cseqMethodOf(message) === method;
    const finals = from.received.map(({ message }) => message).filter(isFinal);
    const reached = [...this.phones, this.gateway, this.pbx].filter(
      (one) => one !== from && one.requests(method).length > 0,
    );
    return {
      status: finals.length === 0 ? 0 : statusOf(finals[0] as SipText),
      final: finals[0],
      reached: reached.map(({ name }) => name),
      uris: reached.map((one) => requestUriOf(one.seen(method))),
    };
  }
}

export interface Result {
  /** Of the first final response; 0 without one. */
  readonly status: number;
  readonly final: SipText | undefined;
  /** The others that have seen the request. */
  readonly reached: readonly string[];
  /** With which Request-URI, one for each of them. */
  readonly uris: readonly string[];
}

/** `yaml`, whose keys go before those of `common`. */
function merged(common: string, yaml: string): string {
  const keys = [...yaml.matchAll(/^(\w+):/gm)].map(([, key]) => key);
  const kept = common.split("\n").filter((line) => !keys.includes(line.split(":")[0] ?? ""));
  return `${kept.join("\n")}\n${yaml}`.replace(/\n+/g, "\n");
}
