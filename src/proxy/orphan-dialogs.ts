/**
 * Calls that somebody answered after the caller had been given another final response: acknowledged and hung up by us,
 * since nobody else would (a phone drops a 2xx for an INVITE that it has seen redirected).
 */
import { BoundedMap } from "../base/bounded-map.ts";
import type { Logger } from "../base/ports.ts";
import { CALL_ID, CONTACT, FROM, RECORD_ROUTE, TO } from "../message/header-names.ts";
import type { Response } from "../message/message.ts";
import { parseNameAddr } from "../message/name-addr.ts";
import { parseSipUri } from "../message/uri.ts";
import type { BranchIds } from "../transaction/branch-id.ts";
import { NOBODY } from "../transaction/client-transaction.ts";
import type { TransactionLayer } from "../transaction/transaction-layer.ts";
import type { Flow, TransportPort } from "../transport/flow.ts";
import type { FlowWaiter, Locator } from "../transport/locator.ts";
import type { OwnAddresses } from "./own-addresses.ts";
import { routeUri } from "./preprocess-routes.ts";

const REMEMBERED = 256;

interface Parts {
  readonly transport: TransportPort;
  readonly transactions: TransactionLayer;
  readonly locator: Locator;
  readonly branchIds: BranchIds;
  readonly own: OwnAddresses;
  readonly log: Logger;
}

export class OrphanDialogs {
  private readonly parts: Parts;
  private readonly dialogs = new BoundedMap<string, OrphanDialog>(REMEMBERED);

  constructor(parts: Parts) {
    this.parts = parts;
  }

  /** Ends the dialog that `response`, a 2xx to an INVITE that we forwarded, has opened. Its retransmissions come here too. */
  end(response: Response, now_ms: number): void {
    const key = `${response.callId} ${response.toTag}`;
    const known = this.dialogs.get(key);
    if (known !== undefined) {
      known.acknowledge();
      return;
    }
    const dialog = new OrphanDialog(this.parts, response);
    this.dialogs.set(key, dialog);
    this.parts.log.info("late_answer_ended", { call_id: response.callId });
    dialog.start(now_ms);
  }
}

class OrphanDialog implements FlowWaiter {
  private readonly parts: Parts;
  private readonly response: Response;
  private readonly remoteTarget: string;
  private readonly routes: readonly string[];
  private flow: Flow | undefined = undefined;
  private ack = "";

  constructor(parts: Parts, response: Response) {
    this.parts = parts;
    this.response = response;
    this.remoteTarget = parseNameAddr(response.list(CONTACT)[0] ?? "")?.uri ?? "";
    this.routes = routesBehindUs(response, parts.own);
  }

  start(now_ms: number): void {
    const first = this.routes[0];
    const uri = first === undefined ? parseSipUri(this.remoteTarget) : routeUri(first);
    if (uri === undefined || this.remoteTarget === "") return;
    const flows = this.parts.locator.locate({ host: uri.host, port: uri.port }, this, now_ms);
    if (flows !== undefined) this.onLocated(flows, now_ms);
  }

  onLocated(flows: readonly Flow[], now_ms: number): void {
    const flow = flows[0];
    if (flow === undefined) return;
    this.flow = flow;
    this.ack = this.build("ACK", this.response.cseqNumber, flow, this.parts.branchIds.next("0"));
    this.acknowledge();
    const branch = this.parts.branchIds.next("0");
    const bye = this.build("BYE", this.response.cseqNumber + 1, flow, branch);
    this.parts.transactions.send("BYE", branch, bye, flow, NOBODY, now_ms);
  }

  acknowledge(): void {
    if (this.flow !== undefined) this.parts.transport.send(this.flow, this.ack);
  }

  private build(method: string, cseq: number, flow: Flow, branch: string): string {
    const { response } = this;
    const route = this.routes.length === 0 ? "" : `Route: ${this.routes.join(", ")}\r\n`;
    return (
      `${method} ${this.remoteTarget} SIP/2.0\r\nVia: SIP/2.0/UDP ${flow.listener.sentBy};branch=${branch};rport\r\n` +
      `Max-Forwards: 70\r\n${route}${response.lines(FROM)}${response.lines(TO)}${response.lines(CALL_ID)}` +
      `CSeq: ${cseq} ${method}\r\nContent-Length: 0\r\n\r\n`
    );
  }
}

/** The route set from us on towards the callee: what stands above our own entries in Record-Route, nearest first. */
function routesBehindUs(response: Response, own: OwnAddresses): string[] {
  const routes: string[] = [];
  for (const value of response.list(RECORD_ROUTE)) {
    const uri = routeUri(value);
    if (uri !== undefined && own.hasUri(uri)) break;
    routes.unshift(value);
  }
  return routes;
}
