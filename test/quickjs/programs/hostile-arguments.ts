/** What hostile-calls.ts gives to functions of "native". */
import type { Rng } from "../../fuzz/rng.ts";

interface Context {
  readonly rng: Rng;
  /** Those that the program has opened. */
  readonly descriptors: readonly number[];
}
type Choice = (context: Context) => unknown;

const oneOf =
  (...values: readonly unknown[]): Choice =>
  ({ rng }) =>
    rng.pick(values);
const either =
  (...choices: readonly Choice[]): Choice =>
  (context) =>
    context.rng.pick(choices)(context);
const listOf =
  (choice: Choice, most: number): Choice =>
  (context) =>
    Array.from({ length: context.rng.below(most + 1) }, () => choice(context));

/** None of them is 0, 1 or 2, also when somebody cuts off their upper bits. */
const NUMBERS = [-1, -5, 3.5, 1e9, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, 2 ** 32 + 999, 2 ** 53, 1e300, -1e300].concat([
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  5e-324,
]);

/** Objects that do something when they are looked at. */
function traps(): unknown[] {
  const throws = () => {
    throw new Error("looked at");
  };
  const list: unknown[] = [1, "a", 3];
  Object.defineProperty(list, 1, { get: throws });
  const shrinking: unknown[] = ["a", "b", "c", "d"];
  Object.defineProperty(shrinking, 0, {
    get: () => {
      shrinking.length = 1;
      return "a";
    },
  });
  const endless: unknown[] = [];
  endless.length = 2 ** 32 - 1;
  const own = {
    valueOf: throws,
    toString: throws,
    length: 3,
    get onReady() {
      return throws();
    },
  };
  return [list, shrinking, endless, own, Object.create(null), () => 5, Symbol("s"), 5n, new Date(), /x/, new Map()];
}

const arrays = (): unknown[] => [
  new Uint8Array(0),
  new Uint8Array([255, 0, 195, 164, 237, 160, 128]),
  new Uint8Array(70_000),
  new Uint8Array(new ArrayBuffer(10), 3, 4),
  new Int8Array(5),
  new Uint16Array([1, 2]),
  new Float64Array(3),
  new DataView(new ArrayBuffer(8)),
  new ArrayBuffer(16),
];

const TEXTS = [
  "",
  "a",
  "x".repeat(300),
  "x".repeat(70_000),
  "\0",
  "a\0b",
  "ä€\u{1F4DE}",
  "\ud800",
  "\udc00\ud800",
  "ÿ\u0100",
];
const wild: Choice = ({ rng }) => {
  const others = [undefined, null, true, false, {}, [], [[[]]]];
  return rng.pick(rng.pick([NUMBERS, TEXTS, others, traps(), arrays()]));
};

const text = oneOf(...TEXTS, "sip:alice@example.com", "INVITE sip:b@192.0.2.1 SIP/2.0\r\n\r\n");
const bytes: Choice = ({ rng }) => rng.pick(arrays());
const fd: Choice = ({ rng, descriptors }) =>
  descriptors.length > 0 && rng.chance(0.8) ? rng.pick(descriptors) : rng.pick(NUMBERS);
const file = oneOf(
  "a",
  "b",
  "./a",
  "c/d",
  "c",
  "socket",
  "ä\ud800",
  "",
  ".",
  "x".repeat(300),
  "y/".repeat(3_000),
  "a\0b",
);
const flag = oneOf(0, 1, 2, 0o101, 0o102, 0o301, 0o1102, 0o200000, 0o2000, -1, 2 ** 31 - 1);
const mode = oneOf(0o700, 0o755, 0o600, 0, -1, 2 ** 31 - 1);
const small = oneOf(-1, 0, 1, 2, 3, 4, 6, 7, 100, 65_535, 65_536, ...NUMBERS);

/** Only loopback can be reached. */
const ADDRESSES = [
  "127.0.0.1",
  "127.0.0.2",
  "::1",
  "",
  "::",
  "0.0.0.0",
  "fe80::1%lo",
  "::ffff:127.0.0.1",
  "ff02::1%lo",
];
const BROKEN = [
  "127.0.0",
  "127.0.0.0001",
  "1.2.3.256",
  "::1%",
  "fe80::1%none",
  `::1%${"x".repeat(300)}`,
  ":::",
  "::1::",
  "g::",
].concat([
  "127.0.0.1\0",
  "socket",
  "s".repeat(107),
  "s".repeat(108),
  "s".repeat(109),
  "\0abstract",
  "0x7f.1",
  "١٢٧.0.0.1",
]);
const address: Choice = (context) => {
  const { rng } = context;
  const whole = rng.pick(rng.chance(0.7) ? ADDRESSES : BROKEN);
  if (rng.chance(0.8)) return whole;
  const at = rng.below(whole.length + 1);
  return whole.slice(0, at) + rng.pick(["%", " ", "x", "ä", "\ud800", "/", "\0"]) + whole.slice(at);
};
const port = oneOf(0, 0, 5060, 5061, 65_535, -1, 65_536, ...NUMBERS);
const option = oneOf(
  "reuseaddr",
  "rcvbuf",
  "v6only",
  "keepalive",
  "keepidle",
  "keepintvl",
  "keepcnt",
  "nodelay",
  "broadcast",
  "error",
  "none",
  "",
);
/** Without those of a crash, which a sanitizer tells of, and those that would end the program. */
const signal = oneOf(1, 2, 10, 12, 15, 17, 28, 0, -1, 65, 9, 19, ...NUMBERS);
const program = oneOf("true", "/bin/true", "no-such-program", "", "/", "x".repeat(5_000), "a\0b", "ä\ud800");
const variable = oneOf(
  "PATH=/bin:/usr/bin",
  "PATH=",
  "PATH=:::",
  `PATH=${"/x".repeat(3_000)}`,
  "A=ä",
  "=",
  "",
  "a\0b",
  5,
);
const handlers: Choice = ({ rng }) => rng.pick([{}, { onReady: 5 }, { onTimer: () => {} }, null, ...traps()]);

/** The arguments of each function, as they should be or nearly so; "wild" is anything. */
export const FUNCTIONS: Readonly<Record<string, readonly Choice[]>> = {
  wild: [wild],
  argv: [],
  environment: [],
  executable: [],
  pid: [],
  uid: [],
  setTitle: [text],
  exit: [oneOf("0", null, [], {}, Number.NaN, 2 ** 32, 0.5)],
  setExitStatus: [small],
  kill: [oneOf(...NUMBERS), oneOf(0, -1, 65, 1_000, "9", null)],
  catchSignal: [signal, oneOf(true, false)],
  spawn: [
    either(listOf(either(text, program), 4), ({ rng }) => [rng.pick(["true", "/bin/true"])]),
    listOf(variable, 4),
    oneOf(true, false),
    either(oneOf([0, 1, 2], [1, 1, 1], [0, 0, 0], [2, 2, 2], [1]), listOf(oneOf(0, 1, 2, 3, -1, "1", Number.NaN), 5)),
  ],
  reap: [either(small, oneOf(...NUMBERS))],
  uname: [],
  cpuCount: [],
  memory_bytes: [],
  uptime_s: [],
  errorName: [small],
  errorText: [small],
  ipv4Interfaces: [],
  interfaceIndex: [either(text, oneOf("lo", "lo\0", "eth0"))],
  isTerminal: [fd],
  terminalSize: [fd],
  setRaw: [fd, oneOf(true, false, null)],
  heapUsed_bytes: [],
  limitHeap: [oneOf(0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e300, "1", null)],
  collectGarbage: [],
  monotonic_ms: [],
  setHandlers: [handlers],
  setTimer: [oneOf(0, 1, ...NUMBERS)],
  watch: [fd, small],
  hearDatagrams: [fd, oneOf(true, false, 1, null)],
  setAlive: [oneOf(true, false)],
  wait: [either(listOf(fd, 5), wild), oneOf(0, 1, -1, Number.NaN, Number.NEGATIVE_INFINITY, "1", null)],
  setWatchdog: [oneOf(0, -1, 1e7, Number.NaN, Number.POSITIVE_INFINITY, "1", null)],
  open: [file, flag, mode],
  close: [fd],
  readText: [fd, small],
  readBytes: [fd, small],
  writeText: [fd, text],
  writeBytes: [fd, bytes],
  fsync: [fd],
  rename: [file, file],
  unlink: [file],
  link: [file, file],
  mkdir: [file, mode],
  chmod: [file, mode],
  access: [file, small],
  realpath: [file],
  readlink: [either(file, oneOf("/proc/self/exe"))],
  readdir: [file],
  stat: [file, oneOf(true, false)],
  fstat: [fd],
  socket: [oneOf(4, 4, 6, 6, 1, 0, -1, ...NUMBERS), oneOf(true, false)],
  setOption: [fd, option, small],
  getOption: [fd, option],
  bind: [fd, address, port],
  connect: [fd, address, port],
  disconnect: [fd],
  listen: [fd, small],
  accept: [fd],
  localAddress: [fd],
  peerAddress: [fd],
  shutdown: [fd],
  sendTo: [fd, text, address, port],
  send: [fd, text],
  unsent_bytes: [fd],
  sha256: [text],
  hmacKey: [bytes],
  hmac: [oneOf(0, 1, 2, 63, 64, ...NUMBERS), text],
  random: [oneOf(0, 1, 16, 65_536, ...NUMBERS)],
  encodeUtf8: [text],
  decodeUtf8: [bytes],
  encodeLatin1: [text],
  decodeLatin1: [bytes],
};

/** These get what stands above, and nothing else. */
export const RESTRICTED: ReadonlySet<string> = new Set([
  "exit",
  "kill",
  "limitHeap",
  "wait",
  "setWatchdog",
  "catchSignal",
]);
