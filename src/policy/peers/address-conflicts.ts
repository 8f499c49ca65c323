/**
 * Gateways and phones at an address that upstream has as well, and phones at a gateway's own address and port: what comes
 * from there can't be told apart.
 */
import { hostText, uriPort } from "../../message/uri.ts";
import type { Bindings } from "../phones/bindings.ts";
import type { Site } from "../site.ts";
import type { AddressConflict } from "../status.ts";
import type { Peer } from "./peer.ts";

/** Told of; one is enough to know that DNS, or the file, is wrong. */
const CONFLICTS_MAX = 20;

export function addressConflicts(upstreams: Iterable<Peer>, site: Site, bindings: Bindings): AddressConflict[] {
  const conflicts = phonesAtGateways(site, bindings);
  for (const { name, places } of upstreams) {
    for (const address of places.present) {
      for (const gateway of site.gateways.filter(({ uri }) => uri.host === address)) {
        conflicts.push(gatewayConflict(gateway.name, address, name));
      }
      for (const phone of bindings.allAt(address)) {
        const text = `${phone.name} is registered from ${address}, an address of upstream ${name}: its calls count as upstream's`;
        conflicts.push({ with: "phone", address, text, cure: cureFor("the phone", name, address) });
      }
      if (conflicts.length >= CONFLICTS_MAX) return conflicts.slice(0, CONFLICTS_MAX);
    }
  }
  return conflicts.slice(0, CONFLICTS_MAX);
}

/** Phones whose REGISTERs come from where a gateway's calls come from: an analogue port of the same box, or a forged source. */
function phonesAtGateways({ gateways }: Site, bindings: Bindings): AddressConflict[] {
  const conflicts: AddressConflict[] = [];
  const seen = new Set<string>();
  for (const { name, uri } of gateways) {
    const address = uri.host;
    const port = uriPort(uri);
    for (const phone of seen.has(`${address} ${port}`) ? [] : bindings.allAt(address)) {
      if (!phone.bindings.some(({ flow }) => flow.address === address && flow.port === port)) continue;
      conflicts.push(samePort(`${phone.name} is registered from`, address, port, name));
    }
    seen.add(`${address} ${port}`);
  }
  return conflicts;
}

/** @param who with its verb, such as "201 is registered from" */
export function samePort(who: string, address: string, port: number, gateway: string): AddressConflict {
  const place = `${hostText(address)}:${port}`;
  const text = `${who} ${place}, the very address and port of gateway ${gateway}: its calls count as the gateway's unless they carry the Contact that upstream has accepted`;
  const cure = `give the phone, or the analogue port of the same box, another SIP port than ${port}`;
  return { with: "phone", address, text, cure };
}

/** A gateway at `address`, which upstream `name` has as well. */
export function gatewayConflict(gateway: string, address: string, name: string): AddressConflict {
  const text = `gateway ${gateway} is at ${address}, an address of upstream ${name}: upstream's calls count as the gateway's`;
  return { with: "gateway", address, text, cure: cureFor("the gateway", name, address) };
}

function cureFor(what: string, upstream: string, address: string): string {
  const isName = upstream !== address;
  const dns = isName ? `, or correct what ${upstream} resolves to (branchline doctor: dns)` : "";
  return `give ${what} an address of its own${dns}`;
}
