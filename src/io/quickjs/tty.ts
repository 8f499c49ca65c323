/** Node's `tty`. */
import * as native from "native";

export function isatty(fd: number): boolean {
  return native.isTerminal(fd);
}
