/** The rest of a request once it has had a 2xx: passes on those that come again, or from another branch (RFC 6026 §7.2). */
import type { Response } from "../message/message.ts";
import type { ClientTransaction, ClientUser } from "../transaction/client-transaction.ts";
import type { ServerTransaction } from "../transaction/server-transaction.ts";
import type { Flow } from "../transport/flow.ts";
import type { Announcement } from "./announce.ts";
import { wireForCaller } from "./for-caller.ts";
import type { ProxyKit } from "./kit.ts";
import type { Revised } from "./router.ts";

export class AcceptedCall implements ClientUser {
  private readonly kit: ProxyKit;
  private readonly server: ServerTransaction;
  private readonly isWithinDialog: boolean;
  private readonly announcement: Announcement | undefined;

  /**
   * @param isWithinDialog the request belongs to a call that is up already
   * @param announcement what its target's 2xx say besides
   */
  constructor(kit: ProxyKit, server: ServerTransaction, isWithinDialog: boolean, announcement?: Announcement) {
    this.kit = kit;
    this.server = server;
    this.isWithinDialog = isWithinDialog;
    this.announcement = announcement;
  }

  onResponse({ flow }: ClientTransaction, response: Response, now_ms: number): void {
    this.pass({ response }, flow, now_ms);
  }

  /** Passes a 2xx on that has come by `flow`. */
  pass({ response, edits }: Revised, flow: Flow, now_ms: number): void {
    const { transactions, transport, orphans } = this.kit;
    const wire = wireForCaller(this.kit, this.server, response, this.announcement, edits);
    if (transactions.respond(this.server, response.status, wire, now_ms) || response.cseqMethod !== "INVITE") return;
    // It comes after we have answered in its place. A new call is hung up; one that is up lives on, and its caller learns
    // that the change was accepted after all (§16.7 item 5: a 2xx to INVITE always goes to the caller).
    if (this.isWithinDialog) transport.send(this.server.replyFlow, wire);
    else orphans.end(response, flow, now_ms);
  }

  onTimeout(): void {}

  onUnreachable(): void {}
}
