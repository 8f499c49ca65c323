/** Registered phones, as plain data, in pieces: thousands at once would keep calls waiting. */
import { hostText } from "../../message/uri.ts";
import { type Flow, isReliable, type Protocol } from "../../transport/flow.ts";
import type { Bindings } from "./bindings.ts";

export interface RegisteredContact {
  /** Its address-of-record. */
  readonly name: string;
  readonly contact: string;
  /** Where its REGISTER came from. */
  readonly from: string;
  readonly transport: Protocol;
  /** Below 0 it has run out, and serves only in an outage. */
  readonly left_s: number;
  /** Whether its connection stands; undefined where there is none to stand. */
  readonly connected?: boolean | undefined;
  /** Upstream hasn't accepted it from there yet: only we have answered. */
  readonly accepted?: false;
  /** Known from before a restart: no REGISTER has come since, and `left_s` is what one before it may have been promised. */
  readonly restored?: true;
}

export interface RegisteredPage {
  readonly contacts: readonly RegisteredContact[];
  /** Where there are more: what to ask for them with. */
  readonly next?: string;
}

/** The size of a piece, in characters, more or less. */
const PAGE_CHARACTERS = 65_536;
/** What a contact has besides its texts. */
const CONTACT_CHARACTERS = 150;

/**
 * The contacts of the addresses-of-record behind `after`, as far as one piece has room for them.
 * @param isOpen whether a connection stands
 */
export function registeredAfter(
  bindings: Bindings,
  after: string,
  isOpen: (flow: Flow) => boolean,
  now_ms: number,
): RegisteredPage {
  const contacts: RegisteredContact[] = [];
  const addresses = [...bindings.all()].filter(({ name }) => name > after).sort((a, b) => (a.name < b.name ? -1 : 1));
  let characters = 0;
  let next = after;
  for (const { name, bindings: list } of addresses) {
    if (characters > PAGE_CHARACTERS) return { contacts, next };
    next = name;
    for (const { contact, flow, expires_ms, heard_ms, isAccepted } of list) {
      const { listener, address, port } = flow;
      characters += name.length + contact.length + CONTACT_CHARACTERS;
      contacts.push({
        name,
        contact,
        from: `${hostText(address)}:${port}`,
        transport: listener.protocol,
        left_s: Math.round((expires_ms - now_ms) / 1_000),
        connected: isReliable(flow) ? isOpen(flow) : undefined,
        ...(isAccepted ? {} : { accepted: false as const }),
        ...(heard_ms === Number.NEGATIVE_INFINITY ? { restored: true as const } : {}),
      });
    }
  }
  return { contacts };
}
