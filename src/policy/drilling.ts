/**
 * The phones that live through a drill now. For them upstream counts as silent: their calls go where they would go in an outage, and their
 * REGISTERs are answered here for as long as upstream's own registration lasts. Nothing else knows of a drill: the facts of a request say it.
 */
import type { Request } from "../message/message.ts";
import type { Flow } from "../transport/flow.ts";
import { callerOf, userOf } from "./phones/address-of-record.ts";
import type { Bindings } from "./phones/bindings.ts";
import { callingPhones } from "./phones/calling-phone.ts";

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

  /** Whether a phone's request is one of a drill. */
  takes(request: Request, source: Flow): boolean {
    const { phones } = this;
    if (phones.length === 0 || !CONCERNED.includes(request.method)) return false;
    if (phones === "all") return true;
    if (phones.includes(userOf(callerOf(request)))) return true;
    return callingPhones(request, source, this.bindings).some((one) => phones.includes(one.user));
  }
}
