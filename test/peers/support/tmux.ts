/** A person at a real terminal: tmux draws what comes, and presses keys. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { PATIENCE_MS } from "../../support/machine.ts";
import { fileOf, PROGRAM, wordsOf } from "../../support/program.ts";
import { defer } from "./cleanup.ts";
import { pathOf } from "./peers.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export interface TerminalWish {
  readonly columns?: number;
  readonly rows?: number;
  readonly isColoured?: boolean;
}

export class Terminal {
  private readonly folder = temporaryFolder();

  private constructor() {}

  /**
   * Runs a branchline's command on a terminal of its own, from a shell that says how it ends.
   * @param words quoted for a shell, where they need it
   */
  static open(words: readonly string[], { columns = 80, rows = 24, isColoured = false }: TerminalWish = {}): Terminal {
    const terminal = new Terminal();
    const { folder } = terminal;
    const command = [...wordsOf(PROGRAM, fileOf(PROGRAM)), ...words].join(" ");
    const script = [
      // A Ctrl-C that the terminal makes a signal of comes to the shell as well.
      "trap : INT",
      isColoured ? "unset NO_COLOR" : "export NO_COLOR=1",
      "echo before it",
      `stty -g > ${folder}/before`,
      `sh -c 'echo $$ > ${folder}/pid; exec ${command}'`,
      'echo "ended $?"',
      `stty -g > ${folder}/after`,
      "exec sleep 600",
    ];
    writeFileSync(join(folder, "script"), `${script.join("\n")}\n`);
    const size = ["-x", `${columns}`, "-y", `${rows}`];
    terminal.tmux("new-session", "-d", ...size, `sh ${folder}/script`);
    defer(() => terminal.tmux("kill-server"));
    return terminal;
  }

  /** In tmux's words: "j", "Enter", "Up", "C-c". */
  press(...keys: readonly string[]): void {
    this.tmux("send-keys", ...keys);
  }

  resize(columns: number, rows: number): void {
    this.tmux("resize-window", "-x", `${columns}`, "-y", `${rows}`);
  }

  /** The lines on the screen. @param isWithInk with escape sequences for its colours */
  screen(isWithInk = false): string {
    return this.tmux("capture-pane", "-p", ...(isWithInk ? ["-e"] : []));
  }

  /** Once the screen has it. */
  async shows(pattern: RegExp): Promise<string> {
    await expect.poll(() => this.screen(), { timeout: PATIENCE_MS }).toMatch(pattern);
    return this.screen();
  }

  signal(name: NodeJS.Signals): void {
    process.kill(Number(readFileSync(join(this.folder, "pid"), "utf8")), name);
  }

  /** The command has ended, and the terminal is as it was: its modes, its cursor, and what stood there. */
  async isRestored(): Promise<void> {
    const after = join(this.folder, "after");
    await expect
      .poll(() => existsSync(after) && readFileSync(after, "utf8") !== "", { timeout: PATIENCE_MS })
      .toBe(true);
    expect(readFileSync(after, "utf8")).toBe(readFileSync(join(this.folder, "before"), "utf8"));
    const flags = this.tmux("display-message", "-p", "#{alternate_on} #{cursor_flag} #{wrap_flag}");
    expect(flags).toBe("0 1 1\n");
    expect(await this.shows(/ended \d$/m)).toMatch(/^before it\n/);
  }

  private tmux(...words: readonly string[]): string {
    const server = ["-f", "/dev/null", "-S", join(this.folder, "tmux")];
    return execFileSync(pathOf("tmux"), [...server, ...words], { encoding: "utf8" });
  }
}
