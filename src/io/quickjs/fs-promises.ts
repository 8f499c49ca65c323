/**
 * Node's `fs.promises`. What they do is done at once: there is no second thread here. Their promises keep the order that callers
 * count on, and reject with a `SystemError`.
 */
import type { Encoding } from "./buffer.ts";
import * as sync from "./fs-sync.ts";
import type { Stats } from "./stats.ts";

/** An open file. */
class FileHandle {
  readonly fd: number;

  constructor(fd: number) {
    this.fd = fd;
  }

  async read(buffer: Uint8Array, offset: number, length: number, position: null): Promise<{ bytesRead: number }> {
    return { bytesRead: sync.readSync(this.fd, buffer, offset, length, position) };
  }

  async writeFile(data: string | Uint8Array): Promise<void> {
    sync.writeFileSync(this.fd, data);
  }

  async sync(): Promise<void> {
    sync.fsyncSync(this.fd);
  }

  async close(): Promise<void> {
    sync.closeSync(this.fd);
  }
}

export async function open(path: string, flags?: string, mode?: number): Promise<FileHandle> {
  return new FileHandle(sync.openSync(path, flags, mode));
}

export async function readFile(path: string, encoding: Encoding): Promise<string> {
  return sync.readFileSync(path, encoding);
}

export async function stat(path: string): Promise<Stats> {
  return sync.statSync(path);
}

export async function mkdir(path: string, options?: Parameters<typeof sync.mkdirSync>[1]): Promise<string | undefined> {
  return sync.mkdirSync(path, options);
}

export async function rename(from: string, to: string): Promise<void> {
  sync.renameSync(from, to);
}

export async function unlink(path: string): Promise<void> {
  sync.unlinkSync(path);
}

export async function chmod(path: string, mode: number): Promise<void> {
  sync.chmodSync(path, mode);
}
