/** How a program under test tells what it saw: a line of JSON each. */
import * as native from "native";

export function say(value: unknown): void {
  native.writeBytes(1, new Uint8Array(native.encodeUtf8(`${JSON.stringify(value)}\n`)));
}

/** Handlers that do nothing but those given; nothing that is thrown is lost. */
export function handle(handlers: Partial<native.Handlers>): void {
  native.setHandlers({
    onReady: () => {},
    onDatagram: () => {},
    onSocketError: () => {},
    onTimer: () => {},
    onSignal: () => {},
    onChild: () => {},
    onIdle: () => {},
    onUncaught: (error) => {
      throw error;
    },
    ...handlers,
  });
}

/** A descriptor, or something else that can't be below 0. */
export function good(result: native.Result): number {
  if (result < 0) throw new Error(`errno ${-result}`);
  return result;
}

/** What isn't an errno. */
export function found<T>(result: T | native.Result): T {
  if (typeof result === "number") throw new Error(`errno ${-result}`);
  return result;
}

/** An open socket at a port of loopback that the kernel chooses. */
export function bound(family: 4 | 6, isStream: boolean): { fd: number; port: number } {
  const fd = good(native.socket(family, isStream));
  good(native.bind(fd, family === 4 ? "127.0.0.1" : "::1", 0));
  return { fd, port: found(native.localAddress(fd))[1] };
}
