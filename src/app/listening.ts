/**
 * Keeps the sockets where our addresses are: an interface may come, go and change its address while calls are up.
 *
 * Node hears of no netlink message, so addresses are looked at: each second, and soon after a failed send. That costs 0.2 ms on a PC and
 * needs nothing of the router. A listener keeps its identity while its address comes and goes, so flows, transactions and peers needn't
 * know. Each local address has a socket of its own, since replies must leave from where the request came to. Whether upstream was lost by
 * our own fault is evidence like any other: then its first answer counts, without the hold for lines that flap.
 */
import { ipVersion, isLoopback } from "../base/ip-range.ts";
import type { Logger } from "../base/ports.ts";
import type { Interfaces, OwnAddress, OwnListener } from "../transport/own-listener.ts";

/** How long an address that may come or change is unknown to us at the most. */
const LOOK_ms = 1_000;
/**
 * Fixed ones of IPv4 that are here: on a router a look costs some ms, and when one goes away the sends that fail tell it.
 * From an IPv6 address that is gone Linux sends on.
 */
const LOOK_SELDOM_ms = 10_000;
/**
 * An address that the members of a pair share: the one that gets it is asked for calls at once. So each beat looks, ten times a second; this is
 * for a router that has none yet, or no more.
 */
const LOOK_OFTEN_ms = 250;
/** Looks after which all is gone after again, and an address that is elsewhere tried: the kernel may allow it by now (ip_nonlocal_bind). */
const LOOKS_UNTIL_TRIED = 10;

/** The host's sockets. */
export interface Sockets {
  /** @throws when the address is not ours or in use */
  open(listener: OwnListener): Promise<void>;
  /** Connections that stand on it end. */
  close(listener: OwnListener): Promise<void>;
  /** Whether the kernel has this address, whatever its interface does; to be able to open it isn't enough (ip_nonlocal_bind). */
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
  /** The addresses among which those that are shared have been placed. */
  private lastShared = "";
  private isBusy = false;
  private isStopped = false;
  /** What {@link follow} has gone after to its end, so that nothing is left to do; undefined: something is. */
  private settled: string | undefined = undefined;
  private looks = 0;

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
      if (listener.isShared) {
        await this.followShared(listener, interfaces, true);
        continue;
      }
      const address = listener.homeAmong(interfaces);
      const error = address === undefined ? undefined : await this.tryToOpen(listener, address);
      if (this.open.has(listener)) continue;
      if (error !== undefined && !isMissing(error)) throw error;
      this.miss(listener, "has no address", interfaces);
    }
  }

  /** Whether a look that finds these addresses may do without {@link follow}. */
  isAsBefore(interfaces: Interfaces): boolean {
    const looks = this.looks + 1;
    if (looks === LOOKS_UNTIL_TRIED || !this.isSharing || this.settled !== this.textOf(interfaces)) return false;
    this.looks = looks;
    return true;
  }

  /** Goes after what has changed; one look after the other. */
  async follow(interfaces: Interfaces): Promise<void> {
    if (this.isBusy || this.isStopped) return;
    this.isBusy = true;
    this.looks = (this.looks + 1) % LOOKS_UNTIL_TRIED;
    try {
      this.settled = undefined;
      for (const listener of this.listeners) await this.followOne(listener, interfaces);
      if (this.listeners.every((one) => this.isSettled(one, interfaces))) this.settled = this.textOf(interfaces);
    } finally {
      this.isBusy = false;
    }
  }

  /** All that is asked before a listener is opened or closed. */
  private textOf(interfaces: Interfaces): string {
    let text = "";
    for (const { mayHave } of this.listeners) text += mayHave ? "+" : "-";
    for (const [device, addresses] of interfaces) text += ` ${device} ${addresses.join(" ")}`;
    return text;
  }

  /** Whether it is where it ought to be, by what the router lists. */
  private isSettled(listener: OwnListener, interfaces: Interfaces): boolean {
    const { isShared, isAway, settings, mayHave } = listener;
    if (!isShared) return this.open.has(listener) && listener.homeAmong(interfaces) === listener.address;
    return isAway !== (isLoopback(settings.at) ? mayHave : listener.isAmong(interfaces));
  }

  /** Whether any address is shared with another router. */
  get isSharing(): boolean {
    return this.listeners.some(({ isShared }) => isShared);
  }

  /** Addresses that are shared stand for the router's own ones. @param read the same addresses, with their networks */
  share(interfaces: Interfaces, read: () => readonly OwnAddress[]): void {
    const text = this.isSharing ? [...interfaces].join(" ") : "";
    if (text === this.lastShared) return;
    this.lastShared = text;
    const all = read();
    for (const listener of this.listeners) if (listener.isShared) listener.standAmong(all);
  }

  get all(): readonly OwnListener[] {
    return this.listeners;
  }

  /** Where we can be reached, as peers are told, and the listeners that have no address now, as the file names them. */
  get inWords(): { readonly listen: string; readonly missing: string | undefined } {
    const isThere = (one: OwnListener) => this.open.has(one) && !one.isAway;
    const open = this.listeners.filter(isThere).map((one) => `${one.protocol}:${one.sentBy}`);
    const missing = this.listeners.filter((one) => !isThere(one)).map(({ name }) => name);
    return { listen: open.join(",") || "nothing yet", missing: missing.join(",") || undefined };
  }

  /** How long until interfaces should be looked at again. */
  get nextLook_ms(): number {
    if (this.isSharing) return LOOK_OFTEN_ms;
    const isSettled = this.listeners.every((one) => this.open.has(one) && ipVersion(one.settings.at) === 4);
    return isSettled ? LOOK_SELDOM_ms : LOOK_ms;
  }

  stop(): void {
    this.isStopped = true;
  }

  /**
   * It is here while the router lists its address. Its socket is open before, where the kernel allows that (ip_nonlocal_bind). Loopback
   * addresses are never listed: there, the process that has the port has the address, and a member that may not have it closes the port.
   */
  private async followShared(listener: OwnListener, interfaces: Interfaces, isFirst = false): Promise<void> {
    const { at } = listener.settings;
    const isInProcess = isLoopback(at);
    const wasHere = !listener.isAway;
    const isGiven = isInProcess ? listener.mayHave : await this.isHere(listener, interfaces);
    if (wasHere && !isGiven) {
      listener.isAway = true;
      // Its connections are over. Where the next opening fails, the address is waited for.
      this.open.delete(listener);
      await this.sockets.close(listener);
      this.user.onGone(listener);
      this.log.info("shared_address", { listen: listener.name, is_here: "no" });
    }
    const mayOpen = isGiven || (!isInProcess && (isFirst || wasHere || this.looks === 0));
    if (!this.open.has(listener) && mayOpen && !this.isStopped) {
      const error = await this.tryToOpen(listener, at);
      const isElsewhere = error === undefined || isMissing(error) || (isInProcess && isInUse(error));
      if (error !== undefined && isFirst && !isElsewhere) throw error;
      if (error !== undefined && !isElsewhere) this.miss(listener, error.message, interfaces);
    }
    listener.isAway = !(this.open.has(listener) && isGiven);
    if (wasHere || listener.isAway || isFirst) return;
    this.missed.delete(listener);
    this.log.info("shared_address", { listen: listener.name, is_here: "yes" });
    this.user.onHere(listener);
  }

  /** As with an own address, a cable that is pulled and put back is no news. */
  private async isHere(listener: OwnListener, interfaces: Interfaces): Promise<boolean> {
    return listener.isAmong(interfaces) || (!listener.isAway && (await this.sockets.isOurs(listener.address)));
  }

  private async followOne(listener: OwnListener, interfaces: Interfaces): Promise<void> {
    if (listener.isShared) return this.followShared(listener, interfaces);
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

/** Another process has the port. */
function isInUse(error: Error): boolean {
  return (error as { code?: unknown }).code === "EADDRINUSE";
}
