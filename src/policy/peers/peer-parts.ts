/** What a peer is made of: where it is, how it is watched, its name, and what it needs. */
import type { Logger } from "../../base/ports.ts";
import type { Timers } from "../../base/timers.ts";
import { hostText } from "../../message/uri.ts";
import type { Prober } from "../../proxy/prober.ts";
import { DEFAULT_PROTOCOL } from "../../transport/flow.ts";
import type { Hop, Locator } from "../../transport/locator.ts";
import type { WatchSettings } from "../site.ts";

export interface PeerParts {
  readonly prober: Prober;
  readonly locator: Locator;
  readonly timers: Timers;
  readonly log: Logger;
}

export type PeerRole = "upstream" | "gateway";

/** Where a peer is, and how it is watched. */
export interface Watched {
  readonly hop: Hop;
  readonly settings: WatchSettings;
}

/** For logs and the status: "host" or "host:port", with its transport where it isn't UDP. */
export function peerName({ host, port, protocol }: Hop): string {
  const name = port === undefined ? hostText(host) : `${hostText(host)}:${port}`;
  return protocol === undefined || protocol === DEFAULT_PROTOCOL ? name : `${name};transport=${protocol}`;
}
