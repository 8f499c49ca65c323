/**
 * The foreign other half of a pair that REGISTERs are copied to, such as an OpenSIPS or a Kamailio (`registration.copies.to`).
 *
 * A phone's REGISTER is copied once the phone has its 2xx, be it upstream's or ours. Nothing waits for the copy. A copy that another half
 * has sent is never copied.
 */
import type { Logger } from "../../base/ports.ts";
import { CONTACT } from "../../message/header-names.ts";
import { hostText } from "../../message/uri.ts";
import type { CopyUser, RegisterCopier } from "../../proxy/register-copier.ts";
import type { RoutedRequest } from "../../proxy/router.ts";
import type { Hop } from "../../transport/locator.ts";
import { nameOf } from "./address-of-record.ts";
import type { Bindings } from "./bindings.ts";
import { capExpiries, headerExpires_s, wishesOf } from "./register-wishes.ts";

/** Copies to one backup that wait for their answers. */
const OPEN_MAX = 100;
/** Until one that was silent is sent a copy again: a single one, which shows whether it lives. */
const TRIAL_ms = 5_000;
/** RFC 3261 §10.2.1.1: what a REGISTER without any expiry asks for, as registrars have it. */
const EXPIRES_DEFAULT_s = 3_600;

interface Parts {
  readonly bindings: Bindings;
  readonly copier: Pick<RegisterCopier, "send">;
  readonly log: Logger;
}

/** All of them. */
export class Backups {
  private readonly bindings: Bindings;
  private readonly all: readonly Backup[];

  /** @param hops where they are */
  constructor({ bindings, copier, log }: Parts, hops: readonly Hop[]) {
    this.bindings = bindings;
    this.all = hops.map((hop) => new Backup(copier, log, hop));
  }

  /** A phone's REGISTER has its 2xx, and what that means is in the table of bindings by now. */
  copy(routed: RoutedRequest, now_ms: number): void {
    if (this.all.length === 0) return;
    const { request } = routed;
    const { isWildcard, contacts } = wishesOf(request);
    // A query changes nothing.
    if (!isWildcard && contacts.length === 0) return;
    const known = this.bindings.find(nameOf(request))?.bindings ?? [];
    const bound = known.filter((one) => contacts.some(({ uri }) => uri === one.contact));
    // The phone comes back within what it has been promised, whatever it has asked for.
    const left_s = bound.map(({ expires_ms }) => Math.ceil((expires_ms - now_ms) / 1_000));
    const cap_s = Math.max(0, ...left_s);
    const asked_s = headerExpires_s(request);
    const expires_s = Math.min(asked_s ?? EXPIRES_DEFAULT_s, cap_s);
    const values = request.list(CONTACT).map((value) => capExpiries(value, cap_s));
    for (const one of this.all) one.copy(routed, values, expires_s === asked_s ? undefined : expires_s, now_ms);
  }
}

/** One, and what is known of it. */
class Backup implements CopyUser {
  private readonly copier: Pick<RegisterCopier, "send">;
  private readonly log: Logger;
  private readonly hop: Hop;
  private open = 0;
  /** What the last copies have come to. */
  private state: "unknown" | "takes" | "refuses" | "silent" = "unknown";
  private trial_ms = Number.NEGATIVE_INFINITY;

  constructor(copier: Pick<RegisterCopier, "send">, log: Logger, hop: Hop) {
    this.copier = copier;
    this.log = log;
    this.hop = hop;
  }

  copy(routed: RoutedRequest, contacts: readonly string[], expires_s: number | undefined, now_ms: number): void {
    if (this.open >= OPEN_MAX || (this.state === "silent" && now_ms < this.trial_ms)) return;
    this.open += 1;
    this.trial_ms = now_ms + TRIAL_ms;
    this.copier.send(routed, contacts, expires_s, this.hop, this, now_ms);
  }

  onCopied(outcome: number | "silence" | "unreachable", now_ms: number): void {
    this.open -= 1;
    const before = this.state;
    if (typeof outcome !== "number") this.trial_ms = Math.max(this.trial_ms, now_ms + TRIAL_ms);
    this.state = typeof outcome !== "number" ? "silent" : outcome < 300 ? "takes" : "refuses";
    if (this.state === before) return;
    const { host, port } = this.hop;
    const backup = port === undefined ? hostText(host) : `${hostText(host)}:${port}`;
    if (this.state === "takes") {
      if (before !== "unknown") this.log.info("copies_taken", { backup });
    } else if (this.state === "refuses") this.log.warn("copies_refused", { backup, status: Number(outcome) });
    else this.log.warn("copies_unanswered", { backup, why: String(outcome) });
  }
}
