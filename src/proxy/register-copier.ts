/**
 * Copies of REGISTERs for the foreign other half of a pair, in the form that OpenSIPS's `t_replicate` gives them: the phone's own REGISTER,
 * with the socket at which it arrived in `Sock-Info`, and a Path back to the phone on top.
 *
 * Sock-Info has the form of OpenSIPS's and Kamailio's `add_sock_hdr`, "udp:192.0.2.1:5060". The Path names that very socket: its address
 * moves between the halves, so that the Path leads to the one that holds it. Its URI says by `received` where the phone is, as Kamailio's
 * `add_path_received` does.
 */
import { Timer, type TimerOwner, type Timers } from "../base/timers.ts";
import { CONTACT, EXPIRES, SOCK_INFO } from "../message/header-names.ts";
import type { Request, Response } from "../message/message.ts";
import { hostText } from "../message/uri.ts";
import type { BranchIds } from "../transaction/branch-id.ts";
import type { ClientTransaction, ClientUser } from "../transaction/client-transaction.ts";
import type { TransactionLayer } from "../transaction/transaction-layer.ts";
import { DEFAULT_PROTOCOL, type Flow, type Listener } from "../transport/flow.ts";
import type { FlowWaiter, Hop, Locator } from "../transport/locator.ts";
import { ownUri } from "../transport/own-names.ts";
import { stampVia } from "../transport/receive.ts";
import { buildForward } from "./forward-request.ts";
import { breadthOf } from "./max-breadth.ts";
import type { RoutedRequest } from "./router.ts";
import type { Tokens } from "./tokens.ts";

/** The other half lives on the same site. */
const PATIENCE_ms = 2_000;

/** Is told once of each copy. */
export interface CopyUser {
  /** @param outcome the final status, or "silence" or "unreachable" */
  onCopied(outcome: number | "silence" | "unreachable", now_ms: number): void;
}

interface Parts {
  readonly transactions: TransactionLayer;
  readonly locator: Locator;
  readonly timers: Timers;
  readonly branchIds: BranchIds;
  readonly tokens: Tokens;
}

export class RegisterCopier {
  private readonly parts: Parts;

  constructor(parts: Parts) {
    this.parts = parts;
  }

  /**
   * Sends a phone's REGISTER to `hop`, in a transaction of its own.
   * @param contacts the values of its Contact fields as the copy has them, one for one
   * @param expires_s its Expires as the copy has it; undefined leaves it as it is
   */
  send(
    routed: RoutedRequest,
    contacts: readonly string[],
    expires_s: number | undefined,
    hop: Hop,
    user: CopyUser,
    now_ms: number,
  ): void {
    new Copy(this.parts, routed, { contacts, expires_s }, user).start(hop, now_ms);
  }
}

/** What the copy differs in. */
interface Changes {
  readonly contacts: readonly string[];
  readonly expires_s: number | undefined;
}

class Copy implements FlowWaiter, ClientUser, TimerOwner {
  private readonly parts: Parts;
  private readonly routed: RoutedRequest;
  private readonly changes: Changes;
  private readonly user: CopyUser;
  private readonly timer = new Timer(this, "copy");
  private transaction: ClientTransaction | undefined = undefined;
  private isTold = false;

  constructor(parts: Parts, routed: RoutedRequest, changes: Changes, user: CopyUser) {
    this.parts = parts;
    this.routed = routed;
    this.changes = changes;
    this.user = user;
  }

  start(hop: Hop, now_ms: number): void {
    this.parts.timers.start(this.timer, PATIENCE_ms, now_ms);
    const flows = this.parts.locator.locate(hop, this, now_ms);
    if (flows !== undefined) this.onLocated(flows, now_ms);
  }

  onLocated([flow]: readonly Flow[], now_ms: number): void {
    if (this.isTold) return;
    if (flow === undefined) {
      this.tell("unreachable", now_ms);
      return;
    }
    const branch = this.parts.branchIds.nextFor(this.routed.request);
    const wire = copyOf(this.routed, this.changes, this.parts.tokens, flow, branch);
    this.transaction = this.parts.transactions.send("REGISTER", branch, wire, flow, this, now_ms);
  }

  onResponse(_transaction: ClientTransaction, { status }: Response, now_ms: number): void {
    if (status >= 200) this.tell(status, now_ms);
  }

  onTimeout(_transaction: ClientTransaction, now_ms: number): void {
    this.tell("silence", now_ms);
  }

  onUnreachable(_transaction: ClientTransaction, now_ms: number): void {
    this.tell("unreachable", now_ms);
  }

  onTimer(_kind: string, now_ms: number): void {
    if (this.transaction !== undefined) this.parts.transactions.abandon(this.transaction, now_ms);
    this.tell("silence", now_ms);
  }

  private tell(outcome: number | "silence" | "unreachable", now_ms: number): void {
    if (this.isTold) return;
    this.isTold = true;
    this.parts.timers.stop(this.timer);
    this.user.onCopied(outcome, now_ms);
  }
}

/** The wire text of the copy that leaves on `flow`. */
function copyOf(routed: RoutedRequest, { contacts, expires_s }: Changes, tokens: Tokens, flow: Flow, branch: string) {
  const { request, source, routes } = routed;
  const { listener } = source;
  const manner = { namesUdp: listener.protocol !== flow.listener.protocol };
  const uri = `${ownUri(listener, tokens.forFlow(source), manner)};lr;received=${receivedText(source)}`;
  const expires = expires_s === undefined ? "" : `Expires: ${expires_s}\r\n`;
  return buildForward(request, stampVia(request, source), {
    requestUri: routes.requestUri,
    routes: { ...routes, remaining: [], changed: true },
    flow,
    branch,
    ownRoutes: `Path: <${uri}>\r\nSock-Info: ${socketText(listener)}\r\n${expires}`,
    maxBreadth: breadthOf(request, 1),
    supportsPath: true,
    assertedIdentity: undefined,
    withheld: [...fieldsOf(request, SOCK_INFO), ...(expires_s === undefined ? [] : fieldsOf(request, EXPIRES))],
    contacts: request.indexOf(CONTACT) < 0 ? undefined : contacts,
  });
}

/** "udp:192.0.2.1:5060", as OpenSIPS and Kamailio write a socket of theirs. */
export function socketText({ protocol, address, port }: Listener): string {
  return `${protocol}:${hostText(address)}:${port}`;
}

/** A URI within a parameter of a URI: what would end that is escaped. */
function receivedText({ listener: { protocol }, address, port }: Flow): string {
  const uri = `sip:${hostText(address)}:${port}`;
  return protocol === DEFAULT_PROTOCOL ? uri : `${uri}%3Btransport%3D${protocol}`;
}

function fieldsOf(request: Request, id: number): number[] {
  const found: number[] = [];
  for (let index = request.indexOf(id); index >= 0; index = request.indexOf(id, index + 1)) found.push(index);
  return found;
}
