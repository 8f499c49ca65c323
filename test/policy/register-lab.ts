/** A registrar by itself: REGISTERs go in, upstream's answers are played, time is a number. */
import { loadRegistration } from "../../src/app/config/load-registration.ts";
import { Reader } from "../../src/app/config/reader.ts";
import type { Response } from "../../src/message/message.ts";
import { parseNameAddr } from "../../src/message/name-addr.ts";
import type { Reply } from "../../src/message/reply.ts";
import { type Binding, Bindings } from "../../src/policy/phones/bindings.ts";
import { Registrar } from "../../src/policy/phones/registrar.ts";
import type { RegistrationSettings } from "../../src/policy/site.ts";
import type { RoutedRequest } from "../../src/proxy/router.ts";
import { type Flow, type Listener, TRANSPORTS } from "../../src/transport/flow.ts";
import { readResponse, request, response } from "../support/messages.ts";

export const NAME = "201@pbx.example.com";
export const CONTACT = "sip:201@10.222.237.21:5060";
export const SECOND = "sip:201@10.222.237.22:5060";

const LISTENER: Listener = {
  index: 0,
  protocol: "udp",
  transport: TRANSPORTS.udp,
  address: "10.222.237.1",
  port: 5060,
  sentBy: "10.222.237.1:5060",
};

export interface RegisterParts {
  /** Contact values, each on a line of its own. */
  readonly contacts?: readonly string[];
  readonly expires?: string;
  readonly user?: string;
  readonly from?: string;
  readonly port?: number;
  readonly callId?: string;
  readonly cseq?: number;
}

export class RegisterLab {
  readonly bindings = new Bindings();
  readonly registrar: Registrar;
  now_ms = 1_000;

  /** @param fraction what chance says */
  constructor(settings: Partial<RegistrationSettings> = {}, fraction = 0) {
    const random = { token: () => "x", fraction: () => fraction };
    this.registrar = new Registrar(
      this.bindings,
      { ...loadRegistration(new Reader(), undefined), ...settings },
      random,
    );
  }

  /**
   * Upstream says 2xx and grants what `granted` lists; returns what the phone is told.
   * @param asked_ms when the REGISTER came: now, unless upstream was slow
   */
  learn(
    routed: RoutedRequest,
    granted: readonly string[] = [],
    headers: readonly string[] = [],
    asked_ms = this.now_ms,
  ): Response {
    const lines = [...granted.map((value) => `Contact: ${value}`), ...headers];
    const answer = response(200, { cseq: "1 REGISTER", headers: lines });
    return readResponse(this.registrar.learn(routed, answer, this.now_ms, asked_ms).build());
  }

  /** Upstream is gone; returns the answer of our own. */
  answer(routed: RoutedRequest): Reply {
    return this.registrar.answer(routed, this.now_ms);
  }

  /** What is kept of the address-of-record. */
  kept(name = NAME): readonly Binding[] {
    return this.bindings.find(name)?.bindings ?? [];
  }

  contacts(name = NAME): string[] {
    return this.kept(name).map(({ contact }) => contact);
  }

  /** Whether a REGISTER of this phone has to wait for its turn. */
  isHeldBack({ request }: RoutedRequest): boolean {
    return this.registrar.isOwed(request) && !this.registrar.isChallenged(request);
  }
}

/** A REGISTER, of extension 201 at 10.222.237.21 unless said otherwise. */
export function register(parts: RegisterParts = {}): RoutedRequest {
  const { contacts = [`<${CONTACT}>`], expires, user = "201", from = "10.222.237.21", port = 5060 } = parts;
  const message = request({
    method: "REGISTER",
    uri: "sip:pbx.example.com",
    to: `<sip:${user}@pbx.example.com>`,
    callId: parts.callId ?? `${user}@${from}`,
    cseq: `${parts.cseq ?? 1} REGISTER`,
    headers: [
      ...contacts.map((value) => `Contact: ${value}`),
      ...(expires === undefined ? [] : [`Expires: ${expires}`]),
    ],
  });
  const source: Flow = { listener: LISTENER, address: from, port };
  const routes = { changed: false, remaining: [], requestUri: message.requestUri, tokens: [], top: undefined };
  return { request: message, source, routes, uri: message.uri, emergency: undefined };
}

/** A second phone with the same address-of-record. */
export const fromSecond = (parts: RegisterParts = {}) =>
  register({ contacts: [`<${SECOND}>`], from: "10.222.237.22", ...parts });

/** The Contacts of an answer: URI → expires. */
export function told({ headers = "" }: Reply): Record<string, number> {
  const found: Record<string, number> = {};
  for (const line of headers.split("\r\n")) {
    const contact = line.startsWith("Contact: ") ? parseNameAddr(line.slice("Contact: ".length)) : undefined;
    if (contact !== undefined) found[contact.uri] = Number(/;expires=(\d+)$/.exec(contact.parameters)?.[1]);
  }
  return found;
}
