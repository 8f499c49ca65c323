/**
 * Sends words to the manager of services that has started this process, such as systemd: sd_notify(3). Node can't open its kind of socket,
 * so a program does it. `io/quickjs/service-manager.ts` is the other host's.
 */
import { runProgram } from "./run-program.ts";

/** systemd's own program waits for up to 5 s until systemd has read the words. */
const PATIENCE_ms = 10_000;

/** Where systemd's program is missing: each Debian has Perl. systemd looks up who has sent a word, so the sender stays for a moment. */
const PERL =
  "use Socket;socket(S,AF_UNIX,SOCK_DGRAM,0)&&send(S,join(qq(\\n),@ARGV),0,sockaddr_un($ENV{NOTIFY_SOCKET}))or exit 1;sleep 1";

/**
 * @param socket the path that NOTIFY_SOCKET has named
 * @param words NAME=VALUE each
 * @returns why they haven't been sent; undefined: they have
 */
export async function tellServiceManager(socket: string, words: readonly string[]): Promise<string | undefined> {
  const way = { NOTIFY_SOCKET: socket };
  const sent = await runProgram(["systemd-notify", ...words], way, PATIENCE_ms);
  if (sent.code === 0 || (await runProgram(["perl", "-e", PERL, ...words], way, PATIENCE_ms)).code === 0)
    return undefined;
  return sent.text || "systemd-notify can't be run";
}
