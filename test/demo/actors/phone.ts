/** A desk phone: registers, dials and rings through its outbound proxy, and follows redirects. */
import type { Address } from "../../sip/address.ts";
import { newToken, registration } from "../../sip/build.ts";
import type { SipMessage } from "../../sip/sip-message.ts";
import { History } from "../sip/history.ts";
import type { IncomingCall } from "../sip/incoming-call.ts";
import type { OutgoingCall } from "../sip/outgoing-call.ts";
import { UserAgent } from "../sip/user-agent.ts";
import type { Cable, Watcher } from "../sip/watched-wire.ts";

/** What a phone's settings page asks for. */
export interface PhoneSettings {
  readonly extension: string;
  readonly address: Address;
  /** The registrar's name. */
  readonly domain: string;
  readonly outboundProxy: Address;
}

const EXPIRES_s = 300;

export class Phone {
  readonly extension: string;
  private readonly settings: PhoneSettings;
  private readonly agent: UserAgent;
  private readonly calls = new History<IncomingCall>();
  private readonly route: string;

  constructor(settings: PhoneSettings, watch: Watcher, cable?: Cable) {
    const { extension, address, outboundProxy } = settings;
    this.settings = settings;
    this.extension = extension;
    this.route = `<sip:${outboundProxy.host}:${outboundProxy.port};lr>`;
    this.agent = new UserAgent(extension, address, watch, cable);
    this.agent.onCall = (call) => {
      call.ring();
      this.calls.add(call);
    };
  }

  open(): Promise<void> {
    return this.agent.open();
  }

  close(): void {
    this.agent.close();
  }

  /** The registrar's final answer. */
  register(): Promise<SipMessage> {
    const { extension: user, agent, route } = this;
    const parts = registration({ user, contact: agent.contact, callId: newToken(), cseq: 1, expires_s: EXPIRES_s });
    return agent.endpoint.ask({ ...parts, routes: [route] }, this.settings.outboundProxy);
  }

  dial(number: string): OutgoingCall {
    const uri = `sip:${number}@${this.settings.domain}`;
    return this.agent.call({
      from: this.identity,
      to: uri,
      requestUri: uri,
      routes: [this.route],
      followsRedirects: true,
    });
  }

  /** The next call to ring here. */
  rings(): Promise<IncomingCall> {
    return this.calls.next();
  }

  /** How many calls have come. */
  get received(): number {
    return this.calls.all.length;
  }

  private get identity(): string {
    return `sip:${this.extension}@${this.settings.domain}`;
  }
}
