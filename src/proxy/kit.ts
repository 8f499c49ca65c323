/** What the parts of the proxy work with: built once, by hand, in proxy-core.ts. */
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
  readonly transactions: TransactionLayer;
  readonly transport: TransportPort;
  readonly listeners: readonly Listener[];
  readonly locator: Locator;
  readonly timers: Timers;
  readonly branchIds: BranchIds;
  readonly tcpReach: TcpReach;
  readonly tokens: Tokens;
  readonly dialogs: Dialogs;
  readonly orphans: OrphanDialogs;
  /** As {@link Router} says it. */
  readonly withheld: Router["withheld"];
  readonly log: Logger;
}
