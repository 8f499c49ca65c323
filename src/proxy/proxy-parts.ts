/** What the proxy core needs of the outside, and which of its parts it shows: nobody but the engine knows the core itself. */
import type { Meter } from "../base/meter.ts";
import type { Logger, Mac, Random } from "../base/ports.ts";
import type { Request } from "../message/message.ts";
import type { TransportPort } from "../transport/flow.ts";
import type { Locator, LookupPort } from "../transport/locator.ts";
import type { Dialogs } from "./dialogs.ts";
import type { Hangup } from "./hangup.ts";
import type { LearnedNames } from "./learned-names.ts";
import type { OwnAddresses } from "./own-addresses.ts";
import type { RegisterCopier } from "./register-copier.ts";
import type { RoutingDecision } from "./router.ts";
import type { Tokens } from "./tokens.ts";

export interface ProxyPorts {
  readonly transport: TransportPort;
  readonly lookup: LookupPort;
  readonly random: Random;
  readonly mac: Mac;
  /** While the secret of a cluster changes: what it has made is believed too. */
  readonly secondMac?: Mac | undefined;
  readonly log: Logger;
  /** Milliseconds since 1970, as far as the router knows: tokens of gateways' calls say when they were made. */
  readonly wallClock_ms?: () => number;
  /** The name of this router among the members of its cluster; undefined: it belongs to none. */
  readonly member?: string | undefined;
}

/** What a site's policy is introduced to. */
export interface ProxyParts {
  readonly own: OwnAddresses;
  readonly learned: LearnedNames;
  readonly dialogs: Dialogs;
  readonly tokens: Tokens;
  readonly locator: Locator;
  readonly hangup: Hangup;
  readonly copier: RegisterCopier;
  readonly meter: Meter;
}

/** What an observer hears of the core. */
export interface Observed {
  readonly meter: Meter;
  /** Hears of each decision; undefined: nobody wants to. */
  onDecision: ((request: Request, decision: RoutingDecision) => void) | undefined;
}
