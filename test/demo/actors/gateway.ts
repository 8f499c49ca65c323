/** The branch's gateway to the telephone network: a few lines, and somebody at the far end of each. */
import type { Address } from "../../sip/address.ts";
import type { OutgoingCall } from "../sip/outgoing-call.ts";
import { UserAgent } from "../sip/user-agent.ts";
import type { Watcher } from "../sip/watched-wire.ts";
import { answerAfterRinging } from "./answer.ts";

export class Gateway {
  /** Numbers that were called through it. */
  readonly outsideCalls: string[] = [];
  private readonly agent: UserAgent;
  private readonly address: Address;

  constructor(address: Address, watch: Watcher) {
    this.address = address;
    this.agent = new UserAgent("gateway", address, watch);
    this.agent.onCall = (call) => {
      this.outsideCalls.push(call.dialled);
      void answerAfterRinging(call);
    };
  }

  open(): Promise<void> {
    return this.agent.open();
  }

  close(): void {
    this.agent.close();
  }

  /** Somebody outside calls the branch's own number. The gateway is set up to hand such calls to `proxy`. */
  bringCall(callerNumber: string, number: string, proxy: Address): OutgoingCall {
    const uri = `sip:${number}@${proxy.host}:${proxy.port}`;
    return this.agent.call({
      from: `sip:${callerNumber}@${this.address.host}:${this.address.port}`,
      to: uri,
      requestUri: uri,
      routes: [],
      followsRedirects: false,
    });
  }
}
