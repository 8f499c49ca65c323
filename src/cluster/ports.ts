/** What a cluster asks of its host, and what its parts tell each other. */
import type { Logger, Random } from "../base/ports.ts";
import type { Timers } from "../base/timers.ts";

/** A plain value, as JSON has it. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };

/** One statement of a datagram: unknown kinds, and unknown fields of a known kind, are passed over. */
export type Part = readonly [kind: string, value: Json];

/** 22 characters of base64url: HMAC-SHA-256 of `text`, cut to 128 bits. */
export type Sign = (text: string) => string;

export interface ClusterPorts {
  /** Sends a datagram to a member, one character an octet. Whether it arrives, nothing tells. */
  readonly send: (member: string, wire: string) => void;
  /** By the secret that signs first; behind it the one that is believed besides while secrets change. */
  readonly signs: readonly [Sign, ...Sign[]];
  readonly random: Random;
  readonly log: Logger;
  readonly timers: Timers;
  /** Milliseconds that never jump. */
  readonly now_ms: () => number;
}

/** Takes the parts of one kind, or of several. */
export interface PartTaker {
  /** @param from the member that says it */
  take(from: string, part: Part, now_ms: number): void;
}

/** Sends parts to members that live; each call makes datagrams of its own, none longer than {@link DATAGRAM_MAX_OCTETS}. */
export interface Speaker {
  tell(member: string, parts: readonly Part[]): void;
  /** To all members that live. */
  tellAll(parts: readonly Part[]): void;
}

/** Says to some what isn't for all. */
export interface PatientSpeaker extends Speaker {
  /** The members that live, without ourselves. */
  live(): readonly string[];
  /** To those of these members that live. */
  tellThese(members: readonly string[], parts: readonly Part[]): void;
  /** To a member, with the next beat: within a tenth of a second, and without a datagram of its own. */
  tellSoon(member: string, parts: readonly Part[]): void;
}

/** Longer ones are dropped unread, and none is sent: a story's INVITE has at most 8 kB in practice. */
export const DATAGRAM_MAX_OCTETS = 16_384;
