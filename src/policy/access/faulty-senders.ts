/** Phones, gateways and upstreams that send what must be refused: somebody has to be told which of them it is. */
import type { Logger } from "../../base/ports.ts";
import { Seldom } from "../../base/seldom.ts";
import type { Request } from "../../message/message.ts";
import { isWrittenWithLf } from "../../message/stray-control.ts";

const LF_CURE = "newer firmware: lines must end with CRLF, not LF alone (RFC 3261 section 7)";
const REGISTRAR_CURE = "on the phone: domain and registrar are the PBX, and this router is the outbound proxy alone";
const CURE = "newer firmware; with log: debug each such message has a line";

export class FaultySenders {
  private readonly log: Logger;
  private readonly seldom = new Seldom();

  constructor(log: Logger) {
    this.log = log;
  }

  /** A request of somebody who belongs here, with a fault. */
  see(from: string, request: Request, now_ms: number): void {
    const { fault, wire } = request;
    if (fault === undefined) return;
    const isLf = isWrittenWithLf(wire);
    this.tell(from, fault.status, isLf ? "lines end with LF alone" : fault.reason, isLf ? LF_CURE : CURE, now_ms);
  }

  /** A phone that takes us for its registrar. */
  registers(from: string, now_ms: number): void {
    this.tell(from, 404, "a REGISTER for this router's own address or name", REGISTRAR_CURE, now_ms);
  }

  private tell(from: string, answer: number, why: string, cure: string, now_ms: number): void {
    if (this.seldom.takes(from, now_ms)) this.log.info("faulty_sender", { from, answer, why, cure });
  }
}
