/** What members are told: at once, or with the next beat, in as few datagrams as it needs. */
import type { Logger } from "../base/ports.ts";
import { PartWriter, pack } from "./packing.ts";
import type { Part } from "./ports.ts";

/** What a member gets with a beat, at the most: more would be a flood of BYEs that belong to no call. */
const KEPT_MAX = 200;

export class Outbox {
  /** Parts for which there was no room in a beat. */
  left = 0;
  private readonly writer: PartWriter;
  /** By member, for the next beat. */
  private readonly soon = new Map<string, Part[]>();

  constructor(log: Logger, now_ms: () => number) {
    this.writer = new PartWriter(log, now_ms);
  }

  /** Groups of texts, each for a datagram; `isWhole`: no part was too long. */
  datagramsOf(parts: readonly Part[]): {
    readonly datagrams: readonly (readonly string[])[];
    readonly isWhole: boolean;
  } {
    const texts = this.writer.textsOf(parts);
    return { datagrams: pack(texts), isWhole: texts.length === parts.length };
  }

  /** The member gets these with the next beat, as far as there is room in it. */
  keep(member: string, parts: readonly Part[]): void {
    const kept = this.soon.get(member) ?? [];
    const room = KEPT_MAX - kept.length;
    this.left += Math.max(0, parts.length - room);
    this.soon.set(member, kept.concat(parts.slice(0, room)));
  }

  /** The datagrams of a beat to this member, the first of them with what the beat says. */
  take(member: string, beat: readonly string[]): readonly (readonly string[])[] {
    const kept = this.soon.get(member);
    if (kept === undefined) return [beat];
    this.soon.delete(member);
    return pack([...beat, ...this.writer.textsOf(kept)]);
  }
}
