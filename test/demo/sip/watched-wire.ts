/** A device's socket with somebody who looks on, and a cable that can be pulled. */
import type { Address } from "../../sip/address.ts";
import { SipMessage } from "../../sip/sip-message.ts";
import type { OpenWire } from "../../sip/transactions.ts";
import { UdpWire } from "../../sip/udp-wire.ts";
import type { Wire } from "../../sip/wire.ts";

/** A message as an actor saw it. */
export interface Sighting {
  readonly actor: string;
  /** The router that gets it, or has sent it, where the cable knows; undefined: it doesn't, or no router does. */
  readonly router?: string | undefined;
  /** That router is dead: what is sent to it is lost. */
  readonly isLost?: boolean | undefined;
  /** "lost": it reached a dead device. */
  readonly fate: "sent" | "received" | "lost";
  readonly message: SipMessage;
  /** Whether the same datagram has gone the same way before. */
  readonly isRepeat: boolean;
  readonly at_ms: number;
}

/** Where a datagram goes, or whence it has come. */
export interface Place extends Pick<Sighting, "router" | "isLost"> {
  readonly address: Address;
}

/** What is between an actor's socket and branchline's. */
export interface Cable {
  /** Where a datagram for `to` ends; undefined: nowhere. */
  towards(to: Address): Place | undefined;
  /** Whence a datagram of this socket has come, as an actor sees it. */
  whence(from: Address): Place;
}

const DIRECT: Cable = { towards: (address) => ({ address }), whence: (address) => ({ address }) };

export type Watcher = (sighting: Sighting) => void;

export class WatchedWire {
  /** A dead device: hears nothing and says nothing, and the network doesn't tell. */
  isDead = false;
  private readonly name: string;
  private readonly watch: Watcher;
  private readonly cable: Cable;
  private readonly seen = new Set<string>();

  constructor(name: string, watch: Watcher, cable: Cable = DIRECT) {
    this.name = name;
    this.watch = watch;
    this.cable = cable;
  }

  readonly open: OpenWire = async (at, onText): Promise<Wire> => {
    const udp = await UdpWire.open(at, (text, from, at_ms) => {
      // A keep-alive is no message.
      if (!text.includes("SIP/2.0")) return;
      const place = this.cable.whence(from);
      this.report(this.isDead ? "lost" : "received", text, place);
      if (!this.isDead) onText(text, place.address, at_ms);
    });
    return {
      send: (text, to) => {
        if (this.isDead) return;
        const place = this.cable.towards(to);
        this.report("sent", text, { ...place, address: at });
        if (place !== undefined) udp.send(text, place.address);
      },
      close: () => udp.close(),
    };
  };

  private report(fate: Sighting["fate"], text: string, { address: from, router, isLost }: Place): void {
    const key = `${fate} ${text}`;
    const isRepeat = this.seen.has(key);
    this.seen.add(key);
    const at_ms = performance.now();
    const message = new SipMessage(text, from, at_ms);
    this.watch({ actor: this.name, router, isLost, fate, message, isRepeat, at_ms });
  }
}
