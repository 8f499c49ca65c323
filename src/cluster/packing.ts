/** Parts into datagrams: many small ones go together, none is longer than a receiver reads. */
import type { Logger } from "../base/ports.ts";
import { Seldom } from "../base/seldom.ts";
import { partText } from "./envelope.ts";
import { DATAGRAM_MAX_OCTETS, type Part } from "./ports.ts";

/** Version, mac, names, boots, sequence number, blanks and brackets, at their longest. */
const ENVELOPE_OCTETS_MAX = 160;
/** The longest part that can be sent at all. */
export const PART_MAX_OCTETS = DATAGRAM_MAX_OCTETS - ENVELOPE_OCTETS_MAX;
/**
 * Several parts go together up to here, so that no router on the way, nor a tunnel, has to cut the datagram in pieces: WireGuard over PPPoE and
 * IPv6 leaves 1,364 octets. The news of a 100 and of the 180 behind it have about 1,100.
 */
const TOGETHER_MAX_OCTETS = 1_360 - ENVELOPE_OCTETS_MAX;

/**
 * Groups the texts, in their order, each group for one datagram.
 * @param texts parts by `partText`, none longer than {@link PART_MAX_OCTETS}
 */
export function pack(texts: readonly string[]): readonly (readonly string[])[] {
  if (texts.length === 1) return [texts];
  const datagrams: string[][] = [];
  let octets = Number.POSITIVE_INFINITY;
  for (const text of texts) {
    octets += text.length + 1;
    const last = datagrams[datagrams.length - 1];
    if (last !== undefined && octets <= TOGETHER_MAX_OCTETS) last.push(text);
    else {
      datagrams.push([text]);
      octets = text.length;
    }
  }
  return datagrams;
}

/** Parts as text; one that no datagram can carry is left out, and told in the log. */
export class PartWriter {
  private readonly log: Logger;
  private readonly now_ms: () => number;
  private readonly oversize = new Seldom();

  constructor(log: Logger, now_ms: () => number) {
    this.log = log;
    this.now_ms = now_ms;
  }

  textsOf(parts: readonly Part[]): readonly string[] {
    const texts: string[] = [];
    for (const part of parts) {
      const text = partText(part);
      if (text.length <= PART_MAX_OCTETS) texts.push(text);
      else this.leaveOut(part, text.length);
    }
    return texts;
  }

  private leaveOut([kind]: Part, octets: number): void {
    if (!this.oversize.takes(kind, this.now_ms())) return;
    this.log.warn("cluster_part_too_long", { kind, octets, limit_octets: PART_MAX_OCTETS });
  }
}
