/** A router for `branchline doctor`: a root folder with what a test puts there, programs of its own that are written down. */
import { execFile } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { byNode, fileOf, PROGRAM, wordsOf } from "../../support/program.ts";
import { pathOf } from "./peers.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export interface Visit {
  readonly fix?: boolean;
  readonly namespace?: string;
  /** The user that asks; default: root. */
  readonly user?: number;
  readonly isReadOnly?: boolean;
  /** A script that Node runs before. */
  readonly preload?: string;
}

interface Finding {
  readonly check: string;
  readonly severity: string;
  readonly text: string;
}

/** What doctor has said. */
export interface Diagnosis {
  readonly status: number;
  readonly stderr: string;
  readonly took_ms: number;
  readonly findings: readonly Finding[];
  /** "severity text" of one check, a line for each finding. */
  of(check: string): string;
}

async function diagnose(command: readonly string[]): Promise<Diagnosis> {
  const started_ms = performance.now();
  const [program = "", ...args] = command;
  const { status, stdout, stderr } = await new Promise<{ status: number; stdout: string; stderr: string }>(
    (resolve) => {
      const child = execFile(program, args, (_, out, err) =>
        resolve({ status: child.exitCode ?? -1, stdout: out, stderr: err }),
      );
    },
  );
  const took_ms = performance.now() - started_ms;
  const read = () => {
    if (!stdout.startsWith("{")) throw new Error(`doctor printed no data: ${stdout}${stderr}`);
    return (JSON.parse(stdout) as { findings: Finding[] }).findings;
  };
  const of = (check: string) => {
    return read()
      .filter((one) => one.check === check)
      .map(({ severity, text }) => `${severity} ${text}`)
      .join("\n");
  };
  return {
    status,
    stderr,
    took_ms,
    get findings() {
      return read();
    },
    of,
  };
}

/** On this machine. */
export function runDoctor(file: string, { fix, namespace, preload }: Visit = {}): Promise<Diagnosis> {
  const inside = namespace === undefined ? [] : [pathOf("ip"), "netns", "exec", namespace];
  const { node } = PROGRAM;
  const words = wordsOf(node === undefined || preload === undefined ? PROGRAM : byNode(node, ["-r", preload]));
  const extra = fix === true ? ["--fix"] : [];
  return diagnose([...inside, ...words, "doctor", "--json", ...extra, "-c", file]);
}

/** Where the program lies on the router. */
const PLACE = "/branchline";
/** What a router's shell and Node need of this machine; it can't change them. */
const BORROWED = ["/usr", "/lib", "/lib64"];
const LOG = "/changes";

export class DoctorsPatient {
  private readonly root = temporaryFolder();

  /** @param files their texts by path; /proc is made of these too */
  constructor(files: Readonly<Record<string, string>>) {
    chmodSync(this.root, 0o755);
    const all = {
      "/branchline.yaml":
        "listen: [udp:127.62.0.1:5060]\nlocalnet: [127.62.0.0/24]\nstate: /state\ngateways: [sip:127.62.0.3]\n",
      "/etc/passwd": "root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n",
      "/etc/group": "root:x:0:\nvyattacfg:x:104:\nnogroup:x:65534:\n",
      "/etc/modprobe.d/none": "",
      "/etc/sysctl.d/none": "",
      "/dev/null": "",
      [PLACE]: "",
      [LOG]: "",
      ...files,
    };
    for (const [path, text] of Object.entries(all)) this.write(path, text);
    chmodSync(join(this.root, LOG), 0o666);
    mkdirSync(join(this.root, "bin"));
    copyFileSync("/bin/sh", join(this.root, "bin/sh"));
  }

  /** A program that writes down how it is called, unless only asked, and then does what `script` says. */
  fake(path: string, script: string): void {
    const name = path.startsWith("/opt/sbin/") || path.startsWith("/bin/") ? path.replace(/^.*\//, "") : path;
    const isQuestion = "case $1 in show | get | -L) ;; *) ";
    this.write(path, `#!/bin/sh\n${isQuestion}echo "${name} $*" >>${LOG} ;; esac\n${script}\n`);
    chmodSync(join(this.root, path), 0o755);
  }

  /** All calls of faked programs that might change something. */
  get changes(): readonly string[] {
    return this.read(LOG).split("\n").slice(0, -1);
  }

  /** From now on only root may enter the folder. */
  lock(path: string): void {
    chmodSync(join(this.root, path), 0o700);
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), "utf8");
  }

  /** Within its root, and without any network. */
  doctor({ fix, user, isReadOnly }: Visit = {}): Promise<Diagnosis> {
    const inside = (path: string) => `"${this.root}${path}"`;
    const lend = (from: string, to: string) =>
      `mount --bind "${from}" ${inside(to)}; mount -o remount,ro,bind ${inside(to)}`;
    const folders = [...BORROWED, ...(PROGRAM.node === undefined ? [] : [dirname(PROGRAM.node)])].filter((path) =>
      existsSync(path),
    );
    const steps = [
      `mount --bind ${inside("")} ${inside("")}`,
      ...folders.map((path) => `mkdir -p ${inside(path)}; ${lend(path, path)}`),
      `mount --bind /dev/null ${inside("/dev/null")}`,
      lend(fileOf(PROGRAM), PLACE),
      ...(isReadOnly === true ? [`mount -o remount,ro,bind ${inside("")}`] : []),
    ];
    const who = user === undefined ? "" : `--userspec=${user}:${user}`;
    const args = `doctor --json ${fix === true ? "--fix" : ""} -c /branchline.yaml`;
    const words = wordsOf(PROGRAM, PLACE).join(" ");
    const script = `set -e; ${steps.join("; ")}; exec chroot ${who} ${inside("")} env PATH=/opt/sbin:/usr/bin:/bin ${words} ${args}`;
    return diagnose([pathOf("unshare"), "--mount", "--net", "/bin/sh", "-c", script]);
  }

  private write(path: string, text: string): void {
    const file = join(this.root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}
