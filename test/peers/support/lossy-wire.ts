/**
 * A bad line, in front of an endpoint's socket: loses, delays, duplicates and reorders what goes either way, for kernels
 * without netem. It keeps count of what it did to each message, so that nobody else is blamed for that.
 */
import type { OpenWire } from "../../sip/transactions.ts";
import type { OnText } from "../../sip/wire.ts";
import { openPort } from "./datagram-port.ts";

/** Chances are 0 … 1, for each datagram and each way. */
export interface LineQuality {
  readonly loss: number;
  /** Each is delayed by anything up to this, so that they overtake each other. */
  readonly jitter_ms: number;
  readonly duplicated: number;
  /** Held back for {@link held_ms} more. */
  readonly held: number;
  readonly held_ms: number;
}

/** One message on its way: how often it was sent, and how often it arrived; duplicates only arrive. */
export interface Passage {
  sent: number;
  delivered: number;
  /** Which copy arrived first, from 1 on; 0: none has. */
  first: number;
}

/** Seen from the endpoint. */
export type Way = "out" | "in";

export class LossyWire {
  sent = 0;
  lost = 0;
  duplicated = 0;
  /** Datagrams that arrived before one that had been sent earlier. */
  overtaken = 0;
  private readonly quality: LineQuality;
  private readonly random: () => number;
  private readonly passages = new Map<string, Map<string, Passage>>();
  private lastArrived = 0;

  constructor(quality: LineQuality, random: () => number) {
    this.quality = quality;
    this.random = random;
  }

  /** @param namespace where the endpoints behind it are */
  opener(namespace: string): OpenWire {
    return async (local, onDatagram) => {
      let isOpen = true;
      const arrive: OnText = (wire, from, at_ms) => {
        this.carry("in", wire, () => isOpen && onDatagram(wire, from, at_ms));
      };
      const port = await openPort(local, arrive, namespace);
      return {
        send: (wire, to) => {
          this.carry("out", wire, () => isOpen && port.send(wire, to));
        },
        close: () => {
          isOpen = false;
          return port.close();
        },
      };
    };
  }

  /** @param kind "INVITE 1", "200 INVITE 1": what it is, and its CSeq number */
  passage(callId: string, way: Way, kind: string): Passage {
    return this.passages.get(callId)?.get(`${way} ${kind}`) ?? { sent: 0, delivered: 0, first: 0 };
  }

  /** Whether of some message of the call at least `copies` were sent and none arrived. */
  hasSwallowed(callId: string, copies: number): boolean {
    const all = [...(this.passages.get(callId)?.values() ?? [])];
    return all.some(({ sent, delivered }) => sent >= copies && delivered === 0);
  }

  /** All that is known of a call: "out INVITE 1: 3 sent, 1 arrived". */
  accountOf(callId: string): string {
    const all = [...(this.passages.get(callId) ?? [])];
    return all.map(([kind, { sent, delivered }]) => `${kind}: ${sent} sent, ${delivered} arrived`).join("; ");
  }

  private carry(way: Way, wire: string, deliver: () => void): void {
    const passage = this.record(way, wire);
    passage.sent += 1;
    const which = passage.sent;
    const isTwice = this.random() < this.quality.duplicated;
    if (isTwice) this.duplicated += 1;
    for (let copy = 0; copy < (isTwice ? 2 : 1); copy++) {
      this.sent += 1;
      const number = this.sent;
      if (this.random() < this.quality.loss) {
        this.lost += 1;
        continue;
      }
      const { held, held_ms, jitter_ms } = this.quality;
      const delay_ms = this.random() * jitter_ms + (this.random() < held ? held_ms : 0);
      setTimeout(() => {
        passage.delivered += 1;
        if (passage.first === 0) passage.first = which;
        if (number < this.lastArrived) this.overtaken += 1;
        this.lastArrived = Math.max(this.lastArrived, number);
        deliver();
      }, delay_ms).unref();
    }
  }

  private record(way: Way, wire: string): Passage {
    const callId = /\r\nCall-ID: *(\S+)/i.exec(wire)?.[1] ?? "";
    const [, cseq = "", method = ""] = /\r\nCSeq: *(\d+) +(\S+)/i.exec(wire) ?? [];
    const status = /^SIP\/2\.0 (\d+)/.exec(wire)?.[1];
    const key = `${way} ${status === undefined ? "" : `${status} `}${wire.startsWith("ACK ") ? "ACK" : method} ${cseq}`;
    const ofCall = this.passages.get(callId) ?? new Map<string, Passage>();
    this.passages.set(callId, ofCall);
    const passage = ofCall.get(key) ?? { sent: 0, delivered: 0, first: 0 };
    ofCall.set(key, passage);
    return passage;
  }
}
