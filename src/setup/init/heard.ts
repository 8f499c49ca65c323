/** Who speaks SIP around here: what phones say that are pointed at this router already, and what answers OPTIONS. */
import { parse } from "../../message/parse.ts";
import { parseSipUri } from "../../message/uri.ts";

const MOST = 500;

/** Somebody whose SIP has been heard. */
export interface Heard {
  readonly address: string;
  /** The extension that a phone has, where it has told it. */
  readonly user: string | undefined;
  /** Where it registers. */
  readonly domain: string | undefined;
  /** Make and model, in its own words. */
  readonly agent: string;
}

/** @returns undefined when that was no SIP */
export function readHeard(wire: string, address: string): Heard | undefined {
  const message = parse(wire);
  if (message.kind !== "request" && message.kind !== "response") return undefined;
  const agent = /^(?:user-agent|server)[ \t]*:[ \t]*([ -~]{1,60})/im.exec(wire)?.[1]?.trim() ?? "";
  const whose = message.kind === "response" ? undefined : message.method === "REGISTER" ? message.to : message.from;
  const uri = parseSipUri(whose?.uri ?? "");
  const user = /^[\w.+*#-]+$/.test(uri?.user ?? "") ? uri?.user : undefined;
  return { address, user, domain: uri?.host, agent };
}

/** Once each: what a request has told counts more than that somebody answers. */
export function addHeard(all: readonly Heard[], one: Heard): Heard[] {
  const isSame = (other: Heard) =>
    other.address === one.address && (other.user === one.user || other.user === undefined);
  const isOld = one.user === undefined && all.some(({ address }) => address === one.address);
  if (isOld || all.length === MOST) return [...all];
  return [...all.filter((other) => !isSame(other)), one];
}

/** Asks whoever is at `address` who he is; what comes back shows only that, and who he is. */
export function optionsTo(address: string, local: { readonly address: string; readonly port: number }): string {
  const here = `${local.address}:${local.port}`;
  const id = `init-${address}-${here}`;
  return (
    `OPTIONS sip:${address} SIP/2.0\r\nVia: SIP/2.0/UDP ${here};rport;branch=z9hG4bK${id}\r\nMax-Forwards: 70\r\n` +
    `From: <sip:branchline@${here}>;tag=init\r\nTo: <sip:${address}>\r\nCall-ID: ${id}\r\nCSeq: 1 OPTIONS\r\n` +
    `Contact: <sip:branchline@${here}>\r\nContent-Length: 0\r\n\r\n`
  );
}

/** How gateways call themselves, and phones don't. */
export function isGateway({ agent }: Heard): boolean {
  return /gateway|gxw|ht8.3|mediant|mp-?1\d\d|patton|smartnode|vega|mediatrix|bero|dinstar|openvox/i.test(agent);
}
