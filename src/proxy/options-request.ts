/** The OPTIONS request that asks whether somebody lives at an address (RFC 3261 §11), as probes and doctor send it. */
import type { Random } from "../base/ports.ts";
import type { Flow } from "../transport/flow.ts";
import { viaLine } from "../transport/own-names.ts";

/** What a peer wants to see in an OPTIONS request before it answers. */
export interface OptionsForm {
  /** The URI in From; undefined: "sip:branchline@" with the address of ours from which the request leaves. */
  readonly from: string | undefined;
  /** The user part of the Request-URI and of To, as it stands in a URI; undefined: none. */
  readonly user: string | undefined;
  readonly maxForwards: number;
  /** The request is padded to this length, so that it is as long as an INVITE; undefined: it isn't padded. */
  readonly octets: number | undefined;
}

/** Without wishes: no user, 70 hops (RFC 3261 §8.1.1.6), no padding. */
export const PLAIN_OPTIONS: OptionsForm = { from: undefined, user: undefined, maxForwards: 70, octets: undefined };

const PADDING = "Branchline-Padding";
/** Some parsers limit the length of a line. */
const PADDING_LINE_octets = 120;
/** The name, the colon, the space, one character and the line's end. */
const PADDING_LEAST_octets = PADDING.length + 5;

/**
 * An OPTIONS request that leaves by `flow`, as wire text.
 * @param target where it goes: "host", "host:port", with parameters behind it where there are any
 * @param branch of its Via
 */
export function optionsRequest(random: Random, target: string, form: OptionsForm, flow: Flow, branch: string): string {
  const uri = `sip:${form.user === undefined ? "" : `${form.user}@`}${target}`;
  const from = form.from ?? `sip:branchline@${flow.listener.sentBy}`;
  const head =
    `OPTIONS ${uri} SIP/2.0\r\n${viaLine(flow.listener, branch)}Max-Forwards: ${form.maxForwards}\r\n` +
    `From: <${from}>;tag=${random.token(10)}\r\nTo: <${uri}>\r\n` +
    `Call-ID: ${random.token(20)}\r\nCSeq: 1 OPTIONS\r\nUser-Agent: branchline\r\n`;
  const end = "Content-Length: 0\r\n\r\n";
  return `${head}${padding((form.octets ?? 0) - head.length - end.length)}${end}`;
}

/** Header lines of this length in all. A remainder too short for a line is left out. */
function padding(octets: number): string {
  let lines = "";
  let left = octets;
  while (left >= PADDING_LEAST_octets) {
    // The rest behind this line must be nothing, or enough for another one.
    const whole = left <= PADDING_LINE_octets ? left : Math.min(PADDING_LINE_octets, left - PADDING_LEAST_octets);
    lines += `${PADDING}: ${"x".repeat(whole - PADDING_LEAST_octets + 1)}\r\n`;
    left -= whole;
  }
  return lines;
}
