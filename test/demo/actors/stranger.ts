/** Somebody from the internet who would like to telephone at the branch's expense. */
import type { Address } from "../../sip/address.ts";
import type { OutgoingCall } from "../sip/outgoing-call.ts";
import { UserAgent } from "../sip/user-agent.ts";
import type { Watcher } from "../sip/watched-wire.ts";

export class Stranger {
  private readonly agent: UserAgent;

  constructor(address: Address, watch: Watcher) {
    this.agent = new UserAgent("???", address, watch);
  }

  open(): Promise<void> {
    return this.agent.open();
  }

  close(): void {
    this.agent.close();
  }

  /** Asks `proxy` to call `number` through `gateway`. */
  dialOut(number: string, gateway: Address, proxy: Address): OutgoingCall {
    const uri = `sip:${number}@${gateway.host}:${gateway.port}`;
    return this.agent.call({
      from: "sip:friend@example.net",
      to: uri,
      requestUri: uri,
      routes: [`<sip:${proxy.host}:${proxy.port};lr>`],
      followsRedirects: true,
    });
  }
}
