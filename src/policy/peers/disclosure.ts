/**
 * What of a message isn't for a gateway that the file doesn't trust: credentials that were made for upstream, and identities
 * of people who want privacy (RFC 3323, RFC 3325 §9.3).
 */
import { BoundedMap } from "../../base/bounded-map.ts";
import { ownText } from "../../base/own-text.ts";
import {
  AUTHORIZATION,
  IDENTITY,
  P_ASSERTED_IDENTITY,
  P_PREFERRED_IDENTITY,
  PRIVACY,
  PROXY_AUTHENTICATE,
  PROXY_AUTHORIZATION,
  REMOTE_PARTY_ID,
  WWW_AUTHENTICATE,
} from "../../message/header-names.ts";
import type { Request, Response } from "../../message/message.ts";
import { nameAddrParameter, parseNameAddr } from "../../message/name-addr.ts";
import { COMMA, splitList } from "../../message/text.ts";

const CREDENTIALS: readonly number[] = [AUTHORIZATION, PROXY_AUTHORIZATION];
const CHALLENGES: readonly number[] = [WWW_AUTHENTICATE, PROXY_AUTHENTICATE];
/** Identity (RFC 8224) signs the caller's number, and so names it. */
const IDENTITIES: readonly number[] = [P_ASSERTED_IDENTITY, P_PREFERRED_IDENTITY, REMOTE_PARTY_ID, IDENTITY];
/** Each of them asks that others don't learn who it is; "session" and "critical" are about something else. */
const PRIVATE: readonly string[] = ["id", "user", "header"];
const ADDRESSES_REMEMBERED = 256;
const REALMS_REMEMBERED = 8;
const REALM_CHARACTERS_MAX = 256;
const NOTHING: readonly number[] = [];

/** Realms in which gateways have asked for a password, by their addresses. */
export class Realms {
  private readonly known = new BoundedMap<string, readonly string[]>(ADDRESSES_REMEMBERED);

  /** @param response 401 or 407 of a gateway */
  learn(address: string, response: Response): void {
    const realms = CHALLENGES.flatMap((id) => valuesOf(response, id).flatMap(realmsIn));
    const usable = realms.filter((realm) => realm.length <= REALM_CHARACTERS_MAX).map(ownText);
    if (usable.length === 0) return;
    this.known.set(address, [...new Set([...usable, ...this.of(address)])].slice(0, REALMS_REMEMBERED));
  }

  of(address: string): readonly string[] {
    return this.known.get(address) ?? [];
  }
}

/**
 * @param realms those in which the gateway itself has asked for a password
 * @param isForHelp it belongs to an emergency call: its answerer must know who has called, and where to call back
 * @returns indexes of header fields
 */
export function withheldFields(
  message: Request | Response,
  realms: readonly string[],
  isForHelp: boolean,
): readonly number[] {
  const credentials = fieldsOf(message, CREDENTIALS).filter((index) => {
    const asked = realmsIn(message.value(index));
    return asked.length === 0 || !asked.every((realm) => realms.includes(realm));
  });
  if (isForHelp) return credentials;
  const identities = fieldsOf(message, IDENTITIES);
  return identities.length > 0 && isPrivate(message) ? [...credentials, ...identities] : credentials;
}

/** Whether its sender wants to stay unknown. */
export function isPrivate(message: Request | Response): boolean {
  const wishes = valuesOf(message, PRIVACY).flatMap((value) => value.toLowerCase().split(/[;,\s]/));
  if (wishes.some((wish) => PRIVATE.includes(wish))) return true;
  // Before RFC 3325 the wish stood beside the identity: ";privacy=full".
  return message.list(REMOTE_PARTY_ID).some((value) => {
    const party = parseNameAddr(value);
    const privacy = party === undefined ? undefined : nameAddrParameter(party, "privacy");
    return privacy !== undefined && privacy.toLowerCase() !== "off";
  });
}

function fieldsOf(message: Request | Response, ids: readonly number[]): readonly number[] {
  if (ids.every((id) => message.indexOf(id) < 0)) return NOTHING;
  const indexes: number[] = [];
  for (const id of ids) {
    for (let index = message.indexOf(id); index >= 0; index = message.indexOf(id, index + 1)) indexes.push(index);
  }
  return indexes;
}

function valuesOf(message: Request | Response, id: number): string[] {
  return fieldsOf(message, [id]).map((index) => message.value(index));
}

/** The realms in a challenge, or in credentials, without their quotes. */
function realmsIn(value: string): string[] {
  return splitList(value, COMMA).flatMap((part) => {
    const equals = part.indexOf("=");
    // The first parameter stands behind the scheme: Digest realm="x".
    const name = part.slice(0, Math.max(equals, 0)).trim().toLowerCase().split(/\s/).pop();
    return name === "realm"
      ? [
          part
            .slice(equals + 1)
            .trim()
            .replace(/^"|"$/g, ""),
        ]
      : [];
  });
}
