/** What becomes of a call at a gateway: its channel is occupied from the INVITE on, and free again when the call fails. */
import { hasOwnRoute } from "../../proxy/dialog-request.ts";
import type { OwnAddresses } from "../../proxy/own-addresses.ts";
import type { EndedBranch } from "../../proxy/plan/condition.ts";
import type { RoutedRequest, TargetObserver, WaitingRequest } from "../../proxy/router.ts";
import type { Peer } from "../peers/peer.ts";
import type { Calls } from "./calls.ts";

/** Hears that an emergency call has reached somebody through the gateway at this address. */
export interface EmergencyWatch {
  reached(host: string, routed: RoutedRequest, now_ms: number): void;
}

export class ChannelObserver implements TargetObserver {
  private readonly calls: Calls;
  private readonly gateway: string;
  private readonly peer: Peer;
  private readonly own: OwnAddresses;
  private readonly emergency: EmergencyWatch | undefined;
  /** Of an emergency call. */
  private routed: RoutedRequest | undefined = undefined;

  /** @param emergency given for emergency calls */
  constructor(calls: Calls, gateway: string, peer: Peer, own: OwnAddresses, emergency: EmergencyWatch | undefined) {
    this.calls = calls;
    this.gateway = gateway;
    this.peer = peer;
    this.own = own;
    this.emergency = emergency;
  }

  onStart(request: WaitingRequest, now_ms: number): void {
    const { routed, running } = request;
    if (this.emergency !== undefined) this.routed = routed;
    this.peer.onStart(request, now_ms);
    this.calls.begin(routed.request, this.gateway, this.emergency !== undefined, running, now_ms);
  }

  onEnd(request: WaitingRequest, ended: EndedBranch, now_ms: number): void {
    this.peer.onEnd(request, ended, now_ms);
    const { response, status } = ended.final;
    if (response !== undefined && status < 300 && request.routed.request.toTag === "") {
      this.peer.onAccepted(hasOwnRoute(response, this.own));
    }
    this.calls.settle(request.routed, this.gateway, ended, this.own, now_ms);
  }

  onAnswer(status: number, now_ms: number): void {
    // The call has got through: before that, any phone could make itself called back.
    const isReached = status > 100 && status < 300;
    if (isReached && this.routed !== undefined) this.emergency?.reached(this.peer.hop.host, this.routed, now_ms);
    this.peer.onAnswer(status, now_ms);
  }

  onSilence(method: string, now_ms: number): void {
    this.peer.onSilence(method, now_ms);
  }

  onDatagramAnswered(octets: number, now_ms: number): void {
    this.peer.onDatagramAnswered(octets, now_ms);
  }

  onDatagramUnanswered(method: string, octets: number, now_ms: number): void {
    this.peer.onDatagramUnanswered(method, octets, now_ms);
  }

  onHush(now_ms: number): void {
    this.peer.onHush(now_ms);
  }

  onUnreachable(method: string, now_ms: number): void {
    this.peer.onUnreachable(method, now_ms);
  }
}
