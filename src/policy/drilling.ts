/**
 * The phones that live through a drill now. For them upstream counts as silent: their calls go where they would go in an outage, and their
 * REGISTERs are answered here for as long as upstream's own registration lasts. Nothing else knows of a drill: the facts of a request say it.
 */
import type { Request } from "../message/message.ts";
import { type Flow, isSameFlow } from "../transport/flow.ts";
import { callerOf } from "./phones/address-of-record.ts";
import type { Bindings } from "./phones/bindings.ts";

/** Users of addresses-of-record, or all phones of the site. */
export type DrillPhones = "all" | readonly string[];

/** What becomes of a REGISTER amid a drill. "up": it went to upstream, so that the registration there stays; "refused": in an outage it would be. */
export type RegisterFate = "here" | "up" | "refused";

const CONCERNED: readonly string[] = ["REGISTER", "INVITE"];

export class Drilling {
  private readonly bindings: Bindings;
  private phones: DrillPhones = [];
  /** Hears what becomes of a chosen phone's REGISTER. */
  onRegister: (name: string, fate: RegisterFate) => void = () => {};

  constructor(bindings: Bindings) {
    this.bindings = bindings;
  }

  /** From now on these phones, and no others. @param phones none: no drill runs */
  choose(phones: DrillPhones): void {
    this.phones = phones;
  }

  /**
   * Whether a phone's request is one of a drill. From names the caller; where it names nobody who is registered, as in an anonymous call, the
   * phone is known by the way that the request has come.
   */
  takes(request: Request, source: Flow): boolean {
    const { phones } = this;
    if (phones.length === 0 || !CONCERNED.includes(request.method)) return false;
    if (phones === "all") return true;
    const user = userOf(callerOf(request));
    if (phones.includes(user)) return true;
    if (this.bindings.findUser(user) !== undefined) return false;
    const isHere = this.bindings.allAt(source.address).filter(({ bindings }) => {
      return bindings.some(({ flow }) => isSameFlow(flow, source));
    });
    return isHere.some((one) => phones.includes(one.user));
  }
}

/** The user of an address-of-record. */
export function userOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf("@")));
}
