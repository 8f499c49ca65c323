/** Chromium without a screen, driven by the DevTools protocol over a pipe: messages are JSON, each ends with a NUL. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { pathOf } from "../peers/support/peers.ts";
import { PATIENCE_MS } from "../support/machine.ts";

/** What it would do besides: ask for updates, keep passwords, look for other computers. */
const QUIET = [
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-default-apps",
  "--disable-domain-reliability",
  "--disable-extensions",
  "--disable-features=OptimizationHints,MediaRouter,Translate,DialMediaRouteProvider",
  "--disable-sync",
  "--metrics-recording-only",
  "--no-pings",
  "--password-store=basic",
];

export type Fields = Readonly<Record<string, unknown>>;

interface Told {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Fields;
  readonly sessionId?: string;
  readonly result?: Fields;
  readonly error?: { readonly message: string };
}

export class Chromium {
  private readonly child: ChildProcess;
  private readonly folder: string;
  private readonly waiting = new Map<number, (told: Told) => void>();
  private readonly pages = new Map<string, Page>();
  private last = 0;
  private text = "";

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), "branchline-chromium-"));
    // Its sandbox needs a user that isn't root, and shared memory is small in containers.
    const root = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
    const place = [`--user-data-dir=${this.folder}`, "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars"];
    const words = ["--headless=new", "--remote-debugging-pipe", ...root, ...place, ...QUIET, "about:blank"];
    this.child = spawn(pathOf("chromium"), words, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    const output = this.child.stdio[4] as Readable;
    output.setEncoding("utf8");
    output.on("data", (piece: string) => this.hear(piece));
    output.on("error", () => {});
    (this.child.stdio[3] as Writable).on("error", () => {});
  }

  /** Opens an empty page. */
  async page(): Promise<Page> {
    const { targetId } = await this.ask("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await this.ask("Target.attachToTarget", { targetId, flatten: true });
    const page = new Page((method, params) => this.ask(method, params, `${sessionId}`));
    this.pages.set(`${sessionId}`, page);
    await page.begin();
    return page;
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    if (this.child.exitCode === null) {
      this.ask("Browser.close", {}).catch(() => {});
      const timer = setTimeout(() => this.child.kill("SIGKILL"), PATIENCE_MS);
      await ended;
      clearTimeout(timer);
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** @throws what it complains of, or that it doesn't answer */
  private ask(method: string, params: Fields, sessionId?: string): Promise<Fields> {
    this.last += 1;
    const id = this.last;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`chromium doesn't answer ${method}`)), PATIENCE_MS);
      this.waiting.set(id, ({ result = {}, error }) => {
        clearTimeout(timer);
        if (error === undefined) resolve(result);
        else reject(new Error(`${method}: ${error.message}`));
      });
      (this.child.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }

  private hear(piece: string): void {
    const messages = (this.text + piece).split("\0");
    this.text = messages.pop() ?? "";
    for (const message of messages) {
      const told = JSON.parse(message) as Told;
      if (told.id !== undefined) {
        this.waiting.get(told.id)?.(told);
        this.waiting.delete(told.id);
      } else this.pages.get(told.sessionId ?? "")?.onEvent(told.method ?? "", told.params ?? {});
    }
  }
}

export interface View {
  readonly width: number;
  readonly height: number;
  readonly scheme: "light" | "dark";
}

type Ask = (method: string, params: Fields) => Promise<Fields>;

/** One page, and what it has complained of and asked for. */
export class Page {
  /** Errors and warnings of the console, exceptions, and what a policy has kept from running. */
  readonly complaints: string[] = [];
  /** The address of each request. */
  readonly requests: string[] = [];
  private readonly ask: Ask;

  constructor(ask: Ask) {
    this.ask = ask;
  }

  async begin(): Promise<void> {
    for (const domain of ["Page", "Runtime", "Network", "Log", "Accessibility"]) await this.ask(`${domain}.enable`, {});
  }

  async view({ width, height, scheme }: View): Promise<void> {
    const isSmall = width < 500;
    const scale = { deviceScaleFactor: isSmall ? 2 : 1, mobile: isSmall };
    await this.ask("Emulation.setDeviceMetricsOverride", { width, height, ...scale });
    await this.ask("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }] });
  }

  /** Runs this before anything of the pages that are gone to from now on. */
  async runFirst(source: string): Promise<void> {
    await this.ask("Page.addScriptToEvaluateOnNewDocument", { source });
  }

  async goTo(url: string): Promise<void> {
    const { errorText } = await this.ask("Page.navigate", { url });
    if (typeof errorText === "string") throw new Error(`${url}: ${errorText}`);
  }

  /** The value of an expression in the page; a promise's once it is there. */
  async value<T>(expression: string): Promise<T> {
    const wish = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await this.ask("Runtime.evaluate", wish);
    if (exceptionDetails !== undefined) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    return (result as { readonly value: T }).value;
  }

  /** Resolves once the expression is true; looks each 20 ms. @returns how long that took, in ms */
  async until(expression: string, patience_ms = PATIENCE_MS): Promise<number> {
    const begin_ms = performance.now();
    while (!(await this.value<boolean>(`Boolean(${expression})`))) {
      if (performance.now() - begin_ms > patience_ms) throw new Error(`never true: ${expression}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return performance.now() - begin_ms;
  }

  /** Presses a key as a person does: "Tab", "Enter", "Escape". */
  async press(key: string): Promise<void> {
    const code = { Tab: 9, Enter: 13, Escape: 27 }[key] ?? 0;
    const text = key === "Enter" ? "\r" : undefined;
    const fields = { key, code: key, windowsVirtualKeyCode: code, text };
    await this.ask("Input.dispatchKeyEvent", { type: text === undefined ? "rawKeyDown" : "keyDown", ...fields });
    await this.ask("Input.dispatchKeyEvent", { type: "keyUp", ...fields });
  }

  /** The whole page, or what is seen of it, as PNG. */
  async picture(isWhole: boolean): Promise<Buffer> {
    const { data } = await this.ask("Page.captureScreenshot", { format: "png", captureBeyondViewport: isWhole });
    return Buffer.from(`${data}`, "base64");
  }

  onEvent(method: string, params: Fields): void {
    switch (method) {
      case "Network.requestWillBeSent":
        this.requests.push((params["request"] as { readonly url: string }).url);
        break;
      case "Runtime.exceptionThrown":
        this.complaints.push(JSON.stringify(params["exceptionDetails"]));
        break;
      case "Runtime.consoleAPICalled":
        if (["error", "warning", "assert"].includes(`${params["type"]}`)) this.complaints.push(JSON.stringify(params));
        break;
      case "Log.entryAdded":
        this.complaints.push(JSON.stringify(params["entry"]));
        break;
      default:
    }
  }
}
