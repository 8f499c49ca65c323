/**
 * What the parts of the proxy work with: built once, by hand, in proxy-core.ts. Each is named by what is asked of it, since calls whose
 * story is told to another member have a kit of their own (`cluster/tale.ts`).
 */
import type { Logger } from "../base/ports.ts";
import type { Timers } from "../base/timers.ts";
import type { BranchIds } from "../transaction/branch-id.ts";
import type { TransactionLayer } from "../transaction/transaction-layer.ts";
import type { Listener, TransportPort } from "../transport/flow.ts";
import type { Locator } from "../transport/locator.ts";
import type { TcpReach } from "../transport/tcp-reach.ts";
import type { Dialogs } from "./dialogs.ts";
import type { OrphanDialogs } from "./orphan-dialogs.ts";
import type { Router } from "./router.ts";
import type { Tokens } from "./tokens.ts";

export interface ProxyKit {
  readonly transactions: Pick<
    TransactionLayer,
    "send" | "abandon" | "resume" | "cancel" | "reply" | "respond" | "dismiss"
  >;
  readonly transport: Pick<TransportPort, "send">;
  readonly listeners: readonly Listener[];
  readonly locator: Pick<Locator, "locate" | "markDead" | "markAlive" | "isDead">;
  readonly timers: Pick<Timers, "start" | "stop">;
  readonly branchIds: Pick<BranchIds, "nextFor" | "stateless">;
  readonly tcpReach: Pick<TcpReach, "inPlaceOf" | "lacks">;
  readonly tokens: Tokens;
  readonly dialogs: Pick<Dialogs, "note">;
  readonly orphans: Pick<OrphanDialogs, "end">;
  /** As {@link Router} says it. */
  readonly withheld: Router["withheld"];
  readonly log: Logger;
  /** The kit for what lingers when the call has been answered, where this one holds the story of the call. */
  readonly lasting?: ProxyKit;
}
