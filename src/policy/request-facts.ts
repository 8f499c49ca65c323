/**
 * What a request is about, found once when it arrives: who sends it, what its host means, which number it asks for, and
 * what it belongs to. Rules, explain, records and tests read this one value.
 */
import type { RoutedRequest } from "../proxy/router.ts";
import type { Origin } from "./origin.ts";

/**
 * What the host of a Request-URI is to this site.
 * "us": this proxy. "gateway": a gateway of the file. "home": upstream, or a domain in which phones are registered.
 * "phone": an address of the phones' network, or one from which a phone has registered. "elsewhere": any other.
 * "none": the URI names no host (tel, urn).
 */
export type HostMeaning = "us" | "gateway" | "home" | "phone" | "elsewhere" | "none";

/**
 * "dialog": a call or subscription that is there already. "registration": REGISTER, which never belongs to a dialog (RFC 3261
 * §10.2). "nothing": it may begin something.
 */
export type Belonging = "dialog" | "registration" | "nothing";

export interface RequestFacts extends RoutedRequest {
  readonly origin: Origin;
  readonly host: HostMeaning;
  /** What is dialled, plain: without escapes, parameters and visual separators; "" when the Request-URI names no user. */
  readonly number: string;
  readonly belongs: Belonging;
  /** A drill runs, and this is a call or REGISTER of a phone that has been chosen for it: upstream counts as silent. */
  readonly isInDrill: boolean;
}
