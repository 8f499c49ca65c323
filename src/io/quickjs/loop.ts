/** What the process waits for: descriptors, by what is done when they are ready, and how much of it keeps the process. */
import * as native from "native";
import { checked } from "./errors.ts";

/** Waits for a descriptor that can be read or written. */
export interface Waiter {
  onReady(isReadable: boolean, isWritable: boolean): void;
}

/** Waits for datagrams, which the host reads. */
export interface Ear {
  onDatagram(wire: string, address: string, port: number): void;
  onSocketError(errno: number): void;
  /** The kernel takes datagrams again; where that is waited for. */
  onWritable?(): void;
}

/** What native.watch understands. */
export const NOTHING = 0;
export const READABLE = 1;
export const WRITABLE = 2;

const waiters = new Map<number, Waiter>();
const ears = new Map<number, Ear>();
const signals = new Map<number, () => void>();
let onTimer = () => {};
let onChild = () => {};
let onUncaught = (error: unknown): void => {
  throw error;
};
let held = 0;

/** One more thing keeps the process from ending. */
export function hold(): void {
  held += 1;
  if (held === 1) native.setAlive(true);
}

/** The opposite of {@link hold}, once for each. */
export function letGo(): void {
  held -= 1;
  if (held === 0) native.setAlive(false);
}

/**
 * @param interest READABLE, WRITABLE, both added, or NOTHING: it stays known
 * @throws SystemError where it can't be waited for
 */
export function watch(fd: number, waiter: Waiter, interest: number): void {
  checked(native.watch(fd, interest), "watch");
  waiters.set(fd, waiter);
}

/** The host reads it from now on. @param isWaiting for the kernel to take datagrams again, too */
export function hear(fd: number, ear: Ear, isWaiting = false): void {
  ears.set(fd, ear);
  native.hearDatagrams(fd, isWaiting);
}

/** Before it is closed: nothing is told of it any more. */
export function forget(fd: number): void {
  waiters.delete(fd);
  ears.delete(fd);
  native.watch(fd, NOTHING);
}

/** @param heard undefined: the kernel's own rule holds again. @throws SystemError for what is no signal, or can't be caught */
export function hearSignal(signal: number, heard: (() => void) | undefined): void {
  checked(native.catchSignal(signal, heard !== undefined), "sigaction");
  if (heard === undefined) signals.delete(signal);
  else signals.set(signal, heard);
}

/** The one who keeps the timers. */
export function setTimerOwner(owner: () => void): void {
  onTimer = owner;
}

/** The one who knows the children. */
export function setParent(parent: () => void): void {
  onChild = parent;
}

/** Hears of errors that nobody has caught; without one the process ends with them. */
export function setUncaught(heard: (error: unknown) => void): void {
  onUncaught = heard;
}

native.setHandlers({
  onReady(fd, isReadable, isWritable) {
    const waiter = waiters.get(fd);
    if (waiter === undefined) ears.get(fd)?.onWritable?.();
    else waiter.onReady(isReadable, isWritable);
  },
  onDatagram(fd, text, address, port) {
    ears.get(fd)?.onDatagram(text, address, port);
  },
  onSocketError(fd, errno) {
    ears.get(fd)?.onSocketError(errno);
  },
  onTimer() {
    onTimer();
  },
  onSignal(signal) {
    signals.get(signal)?.();
  },
  onChild() {
    onChild();
  },
  onUncaught(error) {
    onUncaught(error);
  },
  onIdle() {},
});
