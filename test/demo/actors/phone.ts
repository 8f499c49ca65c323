/** A desk phone: registers, dials and rings through its outbound proxy, and follows redirects. */
import { buildRequest, randomToken } from "../sip/build.ts";
import type { Watcher } from "../sip/endpoint.ts";
import { History } from "../sip/history.ts";
import type { IncomingCall } from "../sip/incoming-call.ts";
import type { Address, SipResponse } from "../sip/message.ts";
import type { OutgoingCall } from "../sip/outgoing-call.ts";
import { UserAgent } from "../sip/user-agent.ts";

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

  constructor(settings: PhoneSettings, watch: Watcher) {
    const { extension, address, outboundProxy } = settings;
    this.settings = settings;
    this.extension = extension;
    this.route = `<sip:${outboundProxy.host}:${outboundProxy.port};lr>`;
    this.agent = new UserAgent(extension, address, watch);
    this.agent.onCall = (call) => {
      call.ring();
      this.calls.add(call);
    };
  }

  open(): Promise<void> {
    return this.agent.endpoint.open();
  }

  close(): void {
    this.agent.endpoint.close();
  }

  /** The registrar's final answer. */
  register(): Promise<SipResponse> {
    const { domain, outboundProxy } = this.settings;
    const request = buildRequest({
      method: "REGISTER",
      uri: `sip:${domain}`,
      from: `<${this.identity}>;tag=${randomToken()}`,
      to: `<${this.identity}>`,
      callId: randomToken(),
      sequence: 1,
      routes: [this.route],
      fields: [
        ["Contact", this.agent.contact],
        ["Expires", String(EXPIRES_s)],
      ],
    });
    return this.agent.endpoint.ask(request, outboundProxy);
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

  private get identity(): string {
    return `sip:${this.extension}@${this.settings.domain}`;
  }
}
