/** `branchline report`: all that somebody needs who is to help from afar, in one archive. */
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { stateFolderOf } from "../app/config/state-folder.ts";
import { reasonOf } from "../base/reason.ts";
import { ENGINE, IS_BINARY, OWN_COMMAND } from "../io/node/engine.ts";
import { runCommand } from "../io/node/host.ts";
import { fileTime } from "../io/node/local-time.ts";
import { readText } from "../io/node/read-text.ts";
import { tarGz } from "../io/node/tar-gz.ts";
import { writeWhole } from "../io/node/whole-file.ts";
import { Anonymizer, type TextKind } from "../setup/report/anonymous.ts";
import { withoutSecrets } from "../setup/report/secrets.ts";
import { complain, fail } from "./paper.ts";
import { sourcesOf } from "./sources.ts";

export interface ReportOptions {
  /** The configuration file. */
  readonly config: string;
  /** Where the archive goes; default: into the present folder. */
  readonly output?: string | undefined;
  /** Names and numbers of people are replaced. */
  readonly anonymous: boolean;
}

/** One file of the archive. */
interface Piece {
  readonly name: string;
  /** What it holds, in words. */
  readonly about: string;
  readonly kind: TextKind;
  /** One character for each octet. @throws when it can't be had: the archive says why */
  make(): string | Promise<string>;
}

const COMMAND_ms = 30_000;
const LOG_LINES = 2_000;
/** Of one piece; the end of a log is what counts. */
const PIECE_CHARACTERS_MAX = 2_000_000;
/** Where the log may be, by kind of router; the first that has something is taken. */
const LOGS = [
  `journalctl -u branchline -n ${LOG_LINES} --no-pager -o short-iso`,
  `logread | grep branchline | tail -n ${LOG_LINES}`,
  `cat /var/log/messages /var/log/syslog /opt/var/log/messages /tmp/var/log/messages | grep branchline | tail -n ${LOG_LINES}`,
];
const SYSTEM_FILES = ["/etc/os-release", "/etc/openwrt_release", "/etc/version", "/proc/version", "/proc/meminfo"];

/** Writes the archive, and says on standard error what it holds and where it is. */
export async function report({ config, output, anonymous }: ReportOptions): Promise<void> {
  const say = (line: string) => complain(`${line}\n`);
  const made: { name: string; about: string; kind: TextKind; text: string; isWhole: boolean }[] = [];
  for (const { name, about, kind, make } of pieces(config)) {
    say(`${name} ...`);
    try {
      const text = withoutSecrets(bounded(await make()));
      made.push({ name, about, kind, text: `${text.trimEnd()}\n`, isWhole: true });
    } catch (error) {
      made.push({ name, about, kind, text: `not available: ${reasonOf(error)}\n`, isWhole: false });
    }
  }
  const anonymizer = anonymous ? new Anonymizer() : undefined;
  for (const { kind, text } of made) anonymizer?.learn(text, kind);
  const { time_ms, text: now } = fileTime();
  const folder = `branchline-report-${now}`;
  const files = made.map(({ name, kind, text }) => {
    return { path: `${folder}/${name}`, text: anonymizer?.replace(text, kind) ?? text };
  });
  const contents = contentsText(made, anonymous);
  const archive = tarGz([{ path: `${folder}/README.txt`, text: contents }, ...files], time_ms);
  try {
    const file = save(archive, output, `${folder}.tar.gz`);
    say(`\n${contents}\n${file} (${Math.ceil(archive.length / 1_000)} kB, only you can read it)`);
  } catch (error) {
    fail(`The archive can't be written: ${reasonOf(error)}`);
  }
}

function pieces(config: string): readonly Piece[] {
  const own = (name: string, kind: TextKind, about: string, ...words: readonly string[]): Piece => {
    return { name, about, kind, make: () => ownCommand([...words, "-c", config]) };
  };
  return [
    { name: "versions.txt", kind: "machine", about: "branchline, engine, kernel, machine, memory", make: versionsText },
    own("check.txt", "prose", "what the configuration will do, or its faults", "check"),
    {
      name: "branchline.yaml",
      kind: "yaml",
      about: "the configuration, without passwords",
      make: () => fileText(config),
    },
    own("status.txt", "records", "upstream, gateways, phones", "status"),
    own("status.json", "json", "the same as data", "status", "--json"),
    own("registered.json", "json", "registered phones, missing members", "registered", "--json"),
    own("calls.txt", "records", "the last calls", "calls", "-n", "200"),
    own("calls.json", "json", "the same as data", "calls", "-n", "200", "--json"),
    own("doctor.txt", "prose", "what this router does to SIP", "doctor"),
    {
      name: "state-folder.txt",
      kind: "machine",
      about: "names, sizes and times of the files there",
      make: () => stateText(config),
    },
    { name: "log.txt", kind: "records", about: `the last ${LOG_LINES} lines of the log`, make: logText },
  ];
}

/** What a command of this program prints, faults too: it may fail, end the process or hang, and nothing else suffers. */
async function ownCommand(words: readonly string[]): Promise<string> {
  const line = [...OWN_COMMAND, ...words].map(quoted).join(" ");
  const { code, text } = await runCommand(`NO_COLOR=1 exec ${line}`, COMMAND_ms);
  if (code === null) return `${text}\n(no end within ${COMMAND_ms / 1_000} s)`;
  return text;
}

function fileText(file: string): string {
  return fs.readFileSync(file, "latin1");
}

function versionsText(): string {
  const { versions, arch, platform, execArgv, argv0, execPath } = process;
  const [cpu] = os.cpus();
  const libraries = IS_BINARY ? "" : `, V8 ${versions.v8}, OpenSSL ${versions.openssl}`;
  const MB = (bytes: number) => `${Math.round(bytes / 1_048_576)} MB`;
  const facts: readonly (readonly [string, string])[] = [
    ["branchline", `${BRANCHLINE_VERSION}, built ${BRANCHLINE_BUILT}`],
    ["engine", `${ENGINE}${libraries}, ${platform} ${arch} ${os.endianness()}`],
    ["started as", [argv0, ...execArgv].join(" ")],
    ["program", execPath],
    ["kernel", `${os.type()} ${os.release()}`],
    ["processor", `${os.cpus().length} x ${cpu?.model ?? "unknown"}`],
    ["memory", `${MB(os.totalmem())}, free ${MB(os.freemem())}`],
    [
      "load",
      os
        .loadavg()
        .map((one) => one.toFixed(2))
        .join(" "),
    ],
    ["up", `${Math.round(os.uptime())} s`],
    ["user", `${process.getuid?.() ?? "unknown"}`],
  ];
  const texts = SYSTEM_FILES.map((file) => [file, readText(file)] as const);
  const known = texts.filter(([, text]) => text !== undefined).map(([file, text]) => `\n== ${file}\n${text}`);
  return [...facts.map(([name, value]) => `${name}: ${value}`), ...known].join("\n");
}

function stateText(config: string): string {
  // Also of a faulty file, or where there is none.
  const folder = path.resolve(
    path.dirname(config),
    stateFolderOf(readText(config) ?? "", sourcesOf(config)) ?? "state",
  );
  const lines = fs.readdirSync(folder).map((name) => {
    const { mode, uid, size, mtime } = fs.lstatSync(path.join(folder, name));
    return `${(mode & 0o7777).toString(8).padStart(4, "0")} ${uid} ${size} ${mtime.toISOString()} ${name}`;
  });
  return [`${folder}, mode ${(fs.statSync(folder).mode & 0o7777).toString(8)}`, ...lines].join("\n");
}

async function logText(): Promise<string> {
  for (const line of LOGS) {
    const { text } = await runCommand(`{ ${line}; } 2>/dev/null`, COMMAND_ms);
    // journalctl says so of a journal that has nothing.
    if (text !== "" && !/^-- No entries --$/.test(text)) return text;
  }
  throw new Error("no log of branchline's is found: neither journalctl nor logread nor a file of syslog's has it");
}

/** The end of what is too long. */
function bounded(text: string): string {
  const left = text.length - PIECE_CHARACTERS_MAX;
  return left <= 0 ? text : `(${left} characters before are left out)\n${text.slice(left)}`;
}

function contentsText(
  made: readonly { name: string; about: string; isWhole: boolean }[],
  isAnonymous: boolean,
): string {
  const rows = made.map(
    ({ name, about, isWhole }) => `  ${name.padEnd(18)}${about}${isWhole ? "" : " (not available)"}`,
  );
  const people = isAnonymous
    ? "Names and numbers of people are replaced by user-1, user-2 ... as far as they are recognised."
    : "It holds extensions, phone numbers and addresses: --anonymous replaces names and numbers.";
  return [
    "A report on branchline, to help somebody find a fault from afar:",
    ...rows,
    "Passwords, answers to challenges and private keys are left out.",
    people,
    "Look through it before you send it to anybody.\n",
  ].join("\n");
}

/**
 * @param given undefined: into the present folder, or where that can't be written into the one for temporary files
 * @throws when it can't be written
 */
function save(archive: Buffer, given: string | undefined, name: string): string {
  if (given !== undefined) {
    const file = fs.existsSync(given) && fs.statSync(given).isDirectory() ? path.join(given, name) : given;
    writeWhole(file, archive, 0o600);
    return path.resolve(file);
  }
  try {
    writeWhole(name, archive, 0o600);
    return path.resolve(name);
  } catch {
    const file = path.join(os.tmpdir(), name);
    writeWhole(file, archive, 0o600);
    return file;
  }
}

/** For a shell. */
function quoted(word: string): string {
  return `'${word.replace(/'/g, "'\\''")}'`;
}
