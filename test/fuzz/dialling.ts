/** Watches that upstream, which may not dial out at these sites, makes no call that a gateway would send to the PSTN. */
import { BoundedMap } from "../../src/base/bounded-map.ts";
import { VIA } from "../../src/message/header-names.ts";
import type { Request } from "../../src/message/message.ts";
import { Bindings } from "../../src/policy/phones/bindings.ts";
import { ORIGINS } from "./sites.ts";

const GATEWAYS: readonly string[] = ["10.10.1.3", "10.10.1.4"];
/** More than there are between two times of quiet. */
const CALLS_REMEMBERED = 8_192;

export class DiallingWatch {
  private readonly bindings: Bindings;
  /** By call, the phones that had registered from a gateway's address when a rule decided about it. */
  private readonly phonesThen = new BoundedMap<string, Bindings>(CALLS_REMEMBERED);

  /** @param bindings those of the site that is watched */
  constructor(bindings: Bindings) {
    this.bindings = bindings;
  }

  /** A rule has decided about `request`. Its copies may leave later, and again and again, when such a phone is gone. */
  onDecision({ method, toTag, callId, cseqNumber, topVia }: Request): void {
    if (method !== "INVITE" || toTag !== "") return;
    const phones = new Bindings();
    for (const address of GATEWAYS) {
      for (const { name, bindings } of this.bindings.allAt(address)) phones.putAll(name, bindings);
    }
    if (phones.size > 0) this.phonesThen.set(keyOf(callId, cseqNumber, topVia.branch), phones);
  }

  /**
   * Whether `request`, which leaves for `address`, is a call of upstream's that a gateway takes for one to the PSTN.
   * Emergency calls may be, and calls to the phones that have registered from there aren't.
   */
  isDialled(request: Request, address: string): boolean {
    const { method, uri, toTag, callId, cseqNumber } = request;
    if (method !== "INVITE" || toTag !== "" || !GATEWAYS.includes(address)) return false;
    const below = request.list(VIA)[1] ?? "";
    const sender = /;received=([\d.]+)/.exec(below)?.[1] ?? /^\S+\s+([\d.]+)/.exec(below)?.[1];
    if (sender !== ORIGINS.upstream.address || /^(112|911)$/.test(uri?.user ?? "")) return false;
    const branch = /;branch=([^;]*)/i.exec(below)?.[1] ?? "";
    const phones = this.phonesThen.get(keyOf(callId, cseqNumber, branch));
    return uri === undefined || phones?.isAcceptedFrom({ ...uri, host: address }) !== true;
  }
}

function keyOf(callId: string, cseq: number, branch: string): string {
  return `${callId} ${cseq} ${branch}`;
}
