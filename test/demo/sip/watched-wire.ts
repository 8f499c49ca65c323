/** A device's socket with somebody who looks on, and a cable that can be pulled. */
import type { Address } from "../../sip/address.ts";
import { SipMessage } from "../../sip/sip-message.ts";
import type { OpenWire } from "../../sip/transactions.ts";
import { UdpWire } from "../../sip/udp-wire.ts";
import type { Wire } from "../../sip/wire.ts";

/** A message as an actor saw it. */
export interface Sighting {
  readonly actor: string;
  /** "lost": it reached a dead device. */
  readonly fate: "sent" | "received" | "lost";
  readonly message: SipMessage;
  /** Whether the same datagram has gone the same way before. */
  readonly isRepeat: boolean;
  readonly at_ms: number;
}

export type Watcher = (sighting: Sighting) => void;

export class WatchedWire {
  /** A dead device: hears nothing and says nothing, and the network doesn't tell. */
  isDead = false;
  private readonly name: string;
  private readonly watch: Watcher;
  private readonly seen = new Set<string>();

  constructor(name: string, watch: Watcher) {
    this.name = name;
    this.watch = watch;
  }

  readonly open: OpenWire = async (at, onText): Promise<Wire> => {
    const udp = await UdpWire.open(at, (text, from, at_ms) => {
      // A keep-alive is no message.
      if (!text.includes("SIP/2.0")) return;
      this.report(this.isDead ? "lost" : "received", text, from);
      if (!this.isDead) onText(text, from, at_ms);
    });
    return {
      send: (text, to) => {
        if (this.isDead) return;
        this.report("sent", text, at);
        udp.send(text, to);
      },
      close: () => udp.close(),
    };
  };

  private report(fate: Sighting["fate"], text: string, from: Address): void {
    const key = `${fate} ${text}`;
    const isRepeat = this.seen.has(key);
    this.seen.add(key);
    const at_ms = performance.now();
    this.watch({ actor: this.name, fate, message: new SipMessage(text, from, at_ms), isRepeat, at_ms });
  }
}
