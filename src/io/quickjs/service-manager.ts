/** As `io/node/service-manager.ts`, by a socket of our own. */
import * as native from "native";

const UNIX = 1;

export async function tellServiceManager(socket: string, words: readonly string[]): Promise<string | undefined> {
  const fd = native.socket(UNIX, false);
  if (fd < 0) return native.errorText(-fd);
  const sent = native.sendTo(fd, words.join("\n"), socket, 0);
  native.close(fd);
  return sent < 0 ? native.errorText(-sent) : undefined;
}
