/** What has been seen on the wire lately: inputs that fit what the core knows come from here. */
import { CONTACT, FROM, RECORD_ROUTE, TO } from "../../src/message/header-names.ts";
import type { Request, Response } from "../../src/message/message.ts";
import type { Origin } from "./sites.ts";

const KEPT = 64;

/** A dialog as one of its sides knows it: header lines without their line ends. */
export interface Dialog {
  readonly callId: string;
  readonly from: string;
  readonly to: string;
  readonly routes: readonly string[];
  readonly target: string;
}

export class Memory {
  readonly asked: Request[] = [];
  readonly answered: Response[] = [];
  readonly dialogs: Dialog[] = [];
  /** Values of Record-Route and Path that are ours. */
  readonly tokens: string[] = [];
  /** What has been fed. */
  readonly latest: { readonly origin: Origin; readonly wire: string }[] = [];
  private turn = 0;

  remember(origin: Origin, wire: string): void {
    this.latest[(this.turn++ % KEPT) % (this.latest.length + 1)] = { origin, wire };
  }

  /** The core sends `message`. */
  notice(message: Request | Response): void {
    const place = this.turn++ % KEPT;
    if (message.kind === "request") {
      this.asked[place % (this.asked.length + 1)] = message;
      const token = /<sip:[pcdg]~[^>]*>/.exec(message.wire)?.[0];
      if (token !== undefined) this.tokens[place % (this.tokens.length + 1)] = token;
      return;
    }
    this.answered[place % (this.answered.length + 1)] = message;
    if (message.cseqMethod !== "INVITE" || message.status < 180 || message.status > 299 || message.toTag === "") return;
    const dialog = {
      callId: message.callId,
      from: message.header(FROM) ?? "",
      to: message.header(TO) ?? "",
      routes: message.list(RECORD_ROUTE),
      target: /<([^>]*)>/.exec(message.header(CONTACT) ?? "")?.[1] ?? "sip:x@10.222.237.22",
    };
    this.dialogs[place % (this.dialogs.length + 1)] = dialog;
  }
}
