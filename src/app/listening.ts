/**
 * Keeps the sockets where our addresses are: an interface may come, go and change its address while calls are up.
 *
 * Node hears of no netlink message, so addresses are looked at: each second, and soon after a failed send. That costs 0.2 ms on a PC and
 * needs nothing of the router. A listener keeps its identity while its address comes and goes, so flows, transactions and peers needn't
 * know. Each local address has a socket of its own, since replies must leave from where the request came to. Whether upstream was lost by
 * our own fault is evidence like any other: then its first answer counts, without the hold for lines that flap.
 */
import { ipVersion } from "../base/ip-range.ts";
import type { Logger } from "../base/ports.ts";
import type { Interfaces, OwnListener } from "../transport/own-listener.ts";

/** How long an address that may come or change is unknown to us at the most. */
const LOOK_ms = 1_000;
/**
 * Fixed ones of IPv4 that are here: on a router a look costs some ms, and when one goes away the sends that fail tell it.
 * From an IPv6 address that is gone Linux sends on.
 */
const LOOK_SELDOM_ms = 10_000;

/** The host's sockets. */
export interface Sockets {
  /** @throws when the address is not ours or in use */
  open(listener: OwnListener): Promise<void>;
  /** Connections that stand on it end. */
  close(listener: OwnListener): Promise<void>;
  /** Whether the kernel has this address, whatever its interface does. */
  isOurs(address: string): Promise<boolean>;
}

/** Must know where we can be reached. */
export interface ListeningUser {
  /** Nothing can leave by it any more. */
  onGone(listener: OwnListener): void;
  /** It is open, at its present address. */
  onHere(listener: OwnListener): void;
}

/** Opens each listener where its address is, and follows it; an error of one leaves the others alone. */
export class Listening {
  private readonly listeners: readonly OwnListener[];
  private readonly sockets: Sockets;
  private readonly user: ListeningUser;
  private readonly log: Logger;
  private readonly open = new Set<OwnListener>();
  /** Those whose absence the log knows of, and why. */
  private readonly missed = new Map<OwnListener, string>();
  private isBusy = false;
  private isStopped = false;

  constructor(listeners: readonly OwnListener[], sockets: Sockets, user: ListeningUser, log: Logger) {
    this.listeners = listeners;
    this.sockets = sockets;
    this.user = user;
    this.log = log;
  }

  /** Takes the addresses that are there, before anything is opened. */
  prepare(interfaces: Interfaces): void {
    for (const listener of this.listeners) {
      const address = listener.homeAmong(interfaces);
      if (address !== undefined) listener.take(address);
    }
  }

  /**
   * Opens what can be opened. A listener without an address is waited for.
   * @throws when an address is in use
   */
  async start(interfaces: Interfaces): Promise<void> {
    for (const listener of this.listeners) {
      listener.isAway = true;
      const address = listener.homeAmong(interfaces);
      const error = address === undefined ? undefined : await this.tryToOpen(listener, address);
      if (this.open.has(listener)) continue;
      if (error !== undefined && !isMissing(error)) throw error;
      this.miss(listener, "has no address", interfaces);
    }
  }

  /** Goes after what has changed; one look after the other. */
  async follow(interfaces: Interfaces): Promise<void> {
    if (this.isBusy || this.isStopped) return;
    this.isBusy = true;
    try {
      for (const listener of this.listeners) await this.followOne(listener, interfaces);
    } finally {
      this.isBusy = false;
    }
  }

  get all(): readonly OwnListener[] {
    return this.listeners;
  }

  /** Where we can be reached, as peers are told, and the listeners that have no address now, as the file names them. */
  get inWords(): { readonly listen: string; readonly missing: string | undefined } {
    const open = this.listeners.filter((one) => this.open.has(one)).map((one) => `${one.protocol}:${one.sentBy}`);
    const missing = this.listeners.filter((one) => !this.open.has(one)).map(({ name }) => name);
    return { listen: open.join(",") || "nothing yet", missing: missing.join(",") || undefined };
  }

  /** How long until interfaces should be looked at again. */
  get nextLook_ms(): number {
    const isSettled = this.listeners.every((one) => this.open.has(one) && ipVersion(one.settings.at) === 4);
    return isSettled ? LOOK_SELDOM_ms : LOOK_ms;
  }

  stop(): void {
    this.isStopped = true;
  }

  private async followOne(listener: OwnListener, interfaces: Interfaces): Promise<void> {
    const address = listener.homeAmong(interfaces);
    const isOpen = this.open.has(listener);
    if (isOpen && address === listener.address) return;
    // Node leaves out interfaces without a carrier: connections outlive a cable that is pulled and put back.
    if (isOpen && address === undefined && (await this.sockets.isOurs(listener.address))) return;
    if (isOpen) {
      listener.isAway = true;
      this.open.delete(listener);
      await this.sockets.close(listener);
      this.user.onGone(listener);
      if (address === undefined) this.miss(listener, "has lost its address", interfaces);
    }
    if (address === undefined || this.isStopped) return;
    const before = listener.address;
    const error = await this.tryToOpen(listener, address);
    if (error !== undefined) {
      this.miss(listener, isMissing(error) ? "has no address" : error.message, interfaces);
      return;
    }
    this.missed.delete(listener);
    this.log.info("address_found", { listen: listener.name, address, before: isOpen ? before : undefined });
    this.user.onHere(listener);
  }

  /** @returns why it can't be opened */
  private async tryToOpen(listener: OwnListener, address: string): Promise<Error | undefined> {
    listener.take(address);
    try {
      await this.sockets.open(listener);
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
    this.open.add(listener);
    listener.isAway = false;
    return undefined;
  }

  private miss(listener: OwnListener, why: string, interfaces: Interfaces): void {
    if (this.missed.get(listener) === why) return;
    this.missed.set(listener, why);
    const there = [...interfaces].map(([name, addresses]) => `${name} ${addresses.join(" ")}`).join(", ");
    const effect = "nothing is received or sent there until it can be";
    this.log.warn("address_missing", { listen: listener.name, why, effect, there });
  }
}

/** The address isn't ours at the moment, or not yet for good (IPv6 looks for doubles first). */
function isMissing(error: Error): boolean {
  return (error as { code?: unknown }).code === "EADDRNOTAVAIL";
}
