/** A call that occupies channels of gateways. */
import type { DialogSide } from "../../proxy/dialog-request.ts";
import type { Refusable } from "../../proxy/router.ts";

/** INVITEs with one Call-ID, over and over, are no more calls than this. */
export const CHANNELS_OF_ONE_MAX = 100;

/** Both ends of a call that is up. */
export interface CallDialog {
  readonly caller: DialogSide;
  readonly callee: DialogSide;
  readonly calleeTag: string;
}

export interface GatewayCall {
  /** The gateways of which it occupies a channel; twice where it comes from one and goes back to it. */
  readonly gateways: string[];
  isEmergency: boolean;
  readonly started_ms: number;
  /** When its channels are taken to be free, whatever has been seen: a lost BYE must not leak them. */
  expires_ms: number;
  /** Until it is answered; undefined then, and for a call that another member of a cluster has begun. */
  running: Refusable | undefined;
  /** From then on. */
  dialog: CallDialog | undefined;
  readonly callerTag: string;
  /** The highest CSeq that each end has seen from the other one. */
  toCaller: number;
  toCallee: number;
  /** Channels that another member has counted: a member that takes the call over begins with them, and counts none of them twice. */
  readonly adopted: string[];
}

/** Whether nobody has answered it yet, and another member of a cluster makes it. */
export function isElsewhere({ running, dialog }: GatewayCall): boolean {
  return running === undefined && dialog === undefined;
}
