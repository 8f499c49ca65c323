/** What remains of a request once it has had a 2xx: passes on those that come again, or from another branch (RFC 6026 §7.2). */
import type { Response } from "../message/message.ts";
import type { ClientTransaction, ClientUser } from "../transaction/client-transaction.ts";
import type { ServerTransaction } from "../transaction/server-transaction.ts";
import { withoutTopVia } from "./forward-response.ts";
import type { ProxyKit } from "./kit.ts";

export class AcceptedCall implements ClientUser {
  private readonly kit: ProxyKit;
  private readonly server: ServerTransaction;

  constructor(kit: ProxyKit, server: ServerTransaction) {
    this.kit = kit;
    this.server = server;
  }

  onResponse({ flow }: ClientTransaction, response: Response, now_ms: number): void {
    const isDelivered = this.kit.transactions.respond(this.server, response.status, withoutTopVia(response), now_ms);
    if (!isDelivered && response.cseqMethod === "INVITE") this.kit.orphans.end(response, flow, now_ms);
  }

  onTimeout(): void {}

  onUnreachable(): void {}
}
