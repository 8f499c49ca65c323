/** What becomes of a call at a gateway: its channel is occupied from the INVITE on, and free again when the call fails. */
import type { Response } from "../message/message.ts";
import type { OwnAddresses } from "../proxy/own-addresses.ts";
import type { RoutedRequest, TargetObserver, WaitingRequest } from "../proxy/router.ts";
import type { Calls } from "./calls.ts";
import type { Peer } from "./peer.ts";

/** Hears that an emergency call goes to a gateway. */
export interface EmergencyWatch {
  reached(gateway: string, routed: RoutedRequest, now_ms: number): void;
}

export class ChannelObserver implements TargetObserver {
  private readonly calls: Calls;
  private readonly gateway: string;
  private readonly peer: Peer;
  private readonly own: OwnAddresses;
  private readonly emergency: EmergencyWatch | undefined;

  /** @param emergency given for emergency calls */
  constructor(calls: Calls, gateway: string, peer: Peer, own: OwnAddresses, emergency: EmergencyWatch | undefined) {
    this.calls = calls;
    this.gateway = gateway;
    this.peer = peer;
    this.own = own;
    this.emergency = emergency;
  }

  onStart({ routed, running }: WaitingRequest, now_ms: number): void {
    this.calls.begin(routed.request.callId, this.gateway, this.emergency !== undefined, running, now_ms);
    this.emergency?.reached(this.gateway, routed, now_ms);
  }

  onEnd({ routed }: WaitingRequest, response: Response | undefined, now_ms: number): void {
    if (response === undefined) this.calls.leave(routed.request.callId, this.gateway);
    else this.calls.answer(routed, response, this.own, now_ms);
  }

  onAnswer(status: number, now_ms: number): void {
    this.peer.onAnswer(status, now_ms);
  }

  onSilence(method: string, now_ms: number): void {
    this.peer.onSilence(method, now_ms);
  }

  onUnreachable(method: string, now_ms: number): void {
    this.peer.onUnreachable(method, now_ms);
  }
}
