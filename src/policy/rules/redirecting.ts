/**
 * A phone's redirect (call forward) of a call from a gateway: followed here, since a gateway drops it or dials it blindly. Only
 * where the site or upstream wants it so: a group, an extension, a forward of the file, or upstream itself, as long as that lives.
 */
import { CONTACT } from "../../message/header-names.ts";
import type { Response } from "../../message/message.ts";
import { type NameAddr, nameAddrParameter, parseNameAddr } from "../../message/name-addr.ts";
import { parseSipUri, type SipUri } from "../../message/uri.ts";
import type { Outcome } from "../../proxy/plan/condition.ts";
import type { Continuation, Stage } from "../../proxy/router.ts";
import { dialledUser, numberUri, plainNumber } from "../dialled-number.ts";
import { hostMeaning } from "../door/host-meaning.ts";
import { groupOf, phonesNamed } from "../numbers/callee.ts";
import { findExtension, ringStages, withoutSuffix } from "../numbers/extensions.ts";
import { upstreamStage } from "../plan.ts";
import type { HostMeaning, RequestFacts } from "../request-facts.ts";
import type { Situation } from "../situation.ts";
import { ringingOf } from "./ringing.ts";

/** Contacts of one redirect that are looked at. */
const CONTACTS_MAX = 5;
/** Extensions that one call rings by redirects. */
const RUNG_MAX = 10;

/** The stages of the first Contact that may be followed; undefined when none may. */
export function redirectStages(
  facts: RequestFacts,
  situation: Situation,
  { rung = [] }: Continuation,
  outcome: Outcome | undefined,
): readonly Stage[] | undefined {
  const response = outcome?.best.response;
  if (response === undefined || rung.length >= RUNG_MAX) return undefined;
  for (const contact of contactsOf(response)) {
    const stages = stagesTo(contact, rung, facts, situation);
    if (stages !== undefined) return stages;
  }
  return undefined;
}

/** A tel URI (RFC 3966) names no host: its number is one of this site, or of upstream's. */
function stagesTo(
  { uri, text }: Contact,
  rung: readonly string[],
  facts: RequestFacts,
  situation: Situation,
): readonly Stage[] | undefined {
  const { site, registrar, upstreams, hunting, now_ms } = situation;
  const { bindings } = registrar;
  const number = plainNumber(dialledUser(uri, text) ?? "");
  if (number === "" || (uri !== undefined && !FOLLOWED.includes(hostMeaning(uri, situation, false)))) return undefined;
  const ringing = ringingOf(facts, situation);
  const { keptSince_ms, extra } = ringing;
  const there = phonesNamed({ host: "phone", uri }, bindings, keptSince_ms).map((target) => ({ ...target, ...extra }));
  const named = there.length > 0 && uri !== undefined ? bindings.findAt(uri) : undefined;
  const extension = named ?? findExtension(number, withoutSuffix(site.extensions), bindings);
  const isGroup = named === undefined && groupOf(number, site) !== undefined;
  if (extension !== undefined && !isGroup) {
    if (rung.includes(extension.name)) return undefined;
    const phones = ringStages(extension, keptSince_ms, site.extensions, extra, rung);
    return named === undefined ? phones : phones.map((stage) => ({ ...stage, targets: there }));
  }
  const onward = isGroup || isForwardOfFile(number, situation);
  const stages = onward ? hunting.onward(number, ringing, facts, now_ms, rung) : [];
  if (stages.length > 0) return stages;
  // Upstream would send the call to the group once more.
  if (isGroup) return undefined;
  const [target] = upstreams.takingCalls;
  if (target === undefined) return undefined;
  const requestUri = numberUri(number, target.hop);
  return [upstreamStage(target, site.inbound.timer_ms, { requestUri, touchesGateway: true })];
}

/** Hosts of Contacts that are followed. A gateway's isn't among them: a phone's redirect must not dial out. */
const FOLLOWED: readonly HostMeaning[] = ["us", "home", "phone"];

function isForwardOfFile(number: string, { site }: Situation): boolean {
  for (const { busy, noAnswer } of site.extensions.forwards.values()) {
    if (number === busy || number === noAnswer) return true;
  }
  return false;
}

interface Contact {
  readonly text: string;
  /** Undefined for a tel URI. */
  readonly uri: SipUri | undefined;
}

/** The SIP and tel URIs of its Contacts, the best first (RFC 3261 §8.1.3.4). */
function contactsOf(response: Response): Contact[] {
  const contacts = response
    .list(CONTACT)
    .slice(0, CONTACTS_MAX)
    .flatMap((value) => parseNameAddr(value) ?? []);
  const quality = (contact: NameAddr) => Number(nameAddrParameter(contact, "q") ?? "1") || 0;
  return [...contacts].sort((a, b) => quality(b) - quality(a)).map(({ uri }) => ({ text: uri, uri: parseSipUri(uri) }));
}
