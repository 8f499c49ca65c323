/** Where unanswered INVITEs came from, by Call-ID: a CANCEL from elsewhere must not end these calls. */
import { ownText } from "../base/own-text.ts";
import type { Request } from "../message/message.ts";

export class PendingCalls {
  /** Most calls have one INVITE here; one that comes back to us has two. */
  private readonly addresses = new Map<string, readonly string[]>();

  get size(): number {
    return this.addresses.size;
  }

  enter({ method, callId }: Request, address: string): void {
    if (method !== "INVITE") return;
    const known = this.addresses.get(callId);
    if (known === undefined) this.addresses.set(ownText(callId), [address]);
    else this.addresses.set(callId, [...known, address]);
  }

  leave({ method, callId }: Request, address: string): void {
    const known = method === "INVITE" ? this.addresses.get(callId) : undefined;
    if (known === undefined) return;
    const index = known.indexOf(address);
    const others = known.filter((_, place) => place !== index);
    if (others.length === 0) this.addresses.delete(callId);
    else this.addresses.set(callId, others);
  }

  /** Undefined when no INVITE with this Call-ID waits for its answer. */
  of(callId: string): readonly string[] | undefined {
    return this.addresses.get(callId);
  }
}
