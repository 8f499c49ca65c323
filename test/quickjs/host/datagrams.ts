/** Datagrams over loopback. */
import * as native from "native";
import { bound, found, good, handle, say } from "./say.ts";

const LOOPBACK = { 4: "127.0.0.1", 6: "::1" } as const;

/** A socket that is heard, and another that sends to it. */
function pair(family: 4 | 6) {
  const to = bound(family, false);
  const from = bound(family, false);
  good(native.hearDatagrams(to.fd));
  const send = (text: string) => native.sendTo(from.fd, text, LOOPBACK[family], to.port);
  return { to, from, send };
}

/** A port of loopback that was free a moment ago. */
function closedPort(): number {
  const { fd, port } = bound(4, false);
  native.close(fd);
  return port;
}

export const datagrams = {
  /** Sends texts given as JSON by IPv4 and IPv6, and tells what arrives. */
  datagramTexts: ([json = "[]"]: readonly string[]) => {
    const texts = JSON.parse(json) as string[];
    const pairs = [pair(4), pair(6)];
    const received: string[][] = [[], []];
    const senders = new Set<string>();
    handle({
      onDatagram: (fd, text, address, port) => {
        const at = pairs.findIndex(({ to }) => to.fd === fd);
        received[at]?.push(text);
        senders.add(`${address} ${port === pairs[at]?.from.port}`);
        native.setAlive(received.flat().length < 2 * texts.length);
      },
      onIdle: () => say({ received, senders: [...senders] }),
    });
    native.setAlive(true);
    const sent = texts.flatMap((text) => pairs.map(({ send }) => send(text)));
    if (sent.some((result) => result < 0)) throw new Error(`sent ${sent}`);
  },
  longestDatagram: () => {
    const { send } = pair(4);
    handle({
      onDatagram: (_fd, text) => {
        say({ length: text.length, tooLong: send("z".repeat(65_508)) });
        native.setAlive(false);
      },
    });
    native.setAlive(true);
    good(send("y".repeat(65_507)));
  },
  /** One socket has 100 datagrams, another has 3: in which order are they told? */
  fairness: () => {
    const busy = pair(4);
    const quiet = pair(4);
    let order = "";
    for (let i = 0; i < 100; i++) good(busy.send("b"));
    for (let i = 0; i < 3; i++) good(quiet.send("q"));
    handle({
      onDatagram: (_fd, text) => {
        order += text;
        native.setAlive(order.length < 103);
      },
      onIdle: () => say(order),
    });
    native.setAlive(true);
  },
  /** A timer comes due while many datagrams wait, each of which takes its time. */
  timerAmongDatagrams: () => {
    const { send } = pair(4);
    let order = "";
    for (let i = 0; i < 30; i++) good(send("d"));
    handle({
      onDatagram: (_fd, text) => {
        order += text;
        if (order === "d") native.setTimer(native.monotonic_ms() + 1);
        const begun_ms = native.monotonic_ms();
        while (native.monotonic_ms() < begun_ms + 2);
        native.setAlive(order.length < 31);
      },
      onTimer: () => {
        order += "t";
      },
      onIdle: () => say(order),
    });
    native.setAlive(true);
  },
  /** Of a connected socket whose peer's port is closed. */
  icmp: () => {
    const { fd } = bound(4, false);
    good(native.hearDatagrams(fd));
    good(native.connect(fd, "127.0.0.1", closedPort()));
    const errors: number[] = [];
    handle({
      onSocketError: (from, errno) => {
        if (from === fd) errors.push(errno);
        native.setAlive(false);
      },
      onIdle: () => say({ errors, waiting: native.getOption(fd, "error"), again: native.send(fd, "x") }),
    });
    native.setAlive(true);
    good(native.send(fd, "x"));
  },
  /** The handler of one socket closes another that has datagrams too, and opens a third, which gets its number. */
  closedMeanwhile: () => {
    const one = pair(4);
    const other = pair(4);
    const heard: string[] = [];
    good(one.send("first"));
    good(one.send("second"));
    good(other.send("first"));
    handle({
      onDatagram: (fd, text) => {
        heard.push(text);
        const victim = fd === one.to.fd ? other : one;
        native.close(victim.to.fd);
        const heir = good(native.socket(4, false));
        native.watch(heir, 1);
        heard.push(heir === victim.to.fd ? "same number" : "another number");
        native.close(fd);
        native.setTimer(native.monotonic_ms() + 30);
      },
      onReady: (fd) => heard.push(`ready ${fd}`),
      onTimer: () => native.setAlive(false),
      onIdle: () => say(heard),
    });
    native.setAlive(true);
  },
  /** Each thing that is no address; results are told as numbers. */
  addresses: ([long = ""]: readonly string[]) => {
    const four = good(native.socket(4, false));
    const six = good(native.socket(6, false));
    const local = good(native.socket(1, true));
    const loopback = native.interfaceIndex("lo");
    say({
      names: ["localhost", "1.2.3", "1.2.3.4.5", "::1", "1.2.3.4 "].map((text) => native.bind(four, text, 0)),
      ports: [-1, 65_536].map((port) => native.bind(four, "127.0.0.1", port)),
      six: ["1.2.3.4", "fe80::1%", "fe80::1%nothing", ":::1", "::1%%"].map((text) => native.bind(six, text, 0)),
      paths: ["", long].map((path) => native.connect(local, path, 0)),
      scope: [native.sendTo(six, "x", "::1%lo", 9), native.sendTo(six, "x", `::1%${loopback}`, 9)],
      any: ([4, 6] as const).map((family) => {
        const fd = good(native.socket(family, false));
        return [native.bind(fd, "", 0), found(native.localAddress(fd))[0]];
      }),
      closed: [native.bind(999, "127.0.0.1", 0), native.hearDatagrams(999), native.watch(999, 1), native.watch(-1, 1)],
      stream: native.hearDatagrams(good(native.socket(4, true))),
    });
  },
  /** Whether each word is an address for a socket of the family: nothing is sent by connecting. */
  isAddress: ([family = "", ...words]: readonly string[]) => {
    const fd = good(native.socket(family === "4" ? 4 : 6, false));
    const refusals = [-22, -19];
    say(words.map((word) => !refusals.includes(native.connect(fd, word, 9))));
  },
  /** Connected, and then no more. */
  disconnected: () => {
    const here = bound(4, false);
    const there = bound(4, false);
    good(native.connect(here.fd, "127.0.0.1", there.port));
    const peer = native.peerAddress(here.fd);
    good(native.disconnect(here.fd));
    say({
      isPeer: JSON.stringify(peer) === JSON.stringify(["127.0.0.1", there.port]),
      after: native.peerAddress(here.fd),
    });
  },
};
