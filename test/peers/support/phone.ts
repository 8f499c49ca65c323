/** What every real phone in these tests can do, whichever program it is. */
import { PATIENCE_MS } from "../../support/machine.ts";
import type { Endpoint } from "./addresses.ts";
import type { SipTrace } from "./sip-trace.ts";

/** Until it has registered. */
export const START_LIMIT_MS = PATIENCE_MS;
/** For the next step of a call. */
export const CALL_LIMIT_MS = PATIENCE_MS;
/** Of its audio, at its own address. */
export const MEDIA_PORTS = { first: 20_000, last: 20_099 } as const;

/** How a phone comes to know the names that it is given. */
export interface Names {
  /** The outbound proxy's, as the phone is told: without port. */
  readonly outbound: string;
  /** A file as /etc/hosts: linphone reads it. */
  readonly hosts: string;
  /** "ADDRESS:PORT" of a DNS server: baresip asks nothing else. */
  readonly dns: string;
}

export interface PhoneOptions {
  readonly user: string;
  /** Signalling address; audio and control use others of its ports. */
  readonly local: Endpoint;
  readonly domain: string;
  readonly outbound: Endpoint;
  /** Then the outbound proxy's name is what it is told instead of the address, without `;lr`. */
  readonly names?: Names;
  /** By which it registers and calls; default: UDP. */
  readonly transport?: "udp" | "tcp" | "tls";
  /** PEM file with the authority that it believes, for TLS. */
  readonly ca?: string;
  /** Answers whatever rings. */
  readonly answers?: boolean;
  /** The expiry that it asks for. */
  readonly expires_s?: number;
  /** The network namespace that it runs in: baresip alone, which registers there and answers, but can't be told anything. */
  readonly namespace?: string;
}

export const EXPIRES_S = 60;

/** "CALL_ESTABLISHED" is said by the caller when it has the 2xx, by the callee when it has the ACK. */
export interface PhoneEvent {
  readonly type: string;
  /** Such as the reason why a call was closed. */
  readonly detail: string;
}

export interface Phone {
  readonly user: string;
  /** The program, for titles and figures. */
  readonly kind: string;
  /** What it has received. */
  readonly sip: SipTrace;
  dial(uri: string): void;
  hangUp(): void;
  hold(): void;
  /** The next event of `type` that no other call of this has had. */
  next(type: "CALL_ESTABLISHED" | "CALL_CLOSED", limit_ms?: number): Promise<PhoneEvent>;
}
