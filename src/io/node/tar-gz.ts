/** Archives without tar, which small routers may lack: POSIX ustar, gzipped by Node. */
import * as zlib from "zlib";

export interface ArchivedFile {
  /** Where it goes, without a slash in front; 100 octets at the most. */
  readonly path: string;
  /** One character for each octet. */
  readonly text: string;
}

const BLOCK_BYTES = 512;
const PATH_BYTES_MAX = 100;
/** Regular files that nobody but their owner reads. */
const MODE = 0o600;

/** @throws when a path is too long */
export function tarGz(files: readonly ArchivedFile[], time_ms: number): Buffer {
  const blocks = files.map(({ path, text }) => {
    const body = Buffer.from(text, "latin1");
    const padding = Buffer.alloc((BLOCK_BYTES - (body.length % BLOCK_BYTES)) % BLOCK_BYTES);
    return Buffer.concat([header(path, body.length, Math.floor(time_ms / 1_000)), body, padding]);
  });
  return zlib.gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK_BYTES)]));
}

function header(path: string, size_bytes: number, time_s: number): Buffer {
  if (Buffer.byteLength(path) > PATH_BYTES_MAX) throw new Error(`${path}: too long for an archive`);
  const block = Buffer.alloc(BLOCK_BYTES);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  block.write(path, 0);
  block.write(octal(MODE, 7), 100);
  block.write(octal(0, 7), 108);
  block.write(octal(0, 7), 116);
  block.write(octal(size_bytes, 11), 124);
  block.write(octal(time_s, 11), 136);
  block.write(" ".repeat(8), 148);
  block.write("0", 156);
  block.write("ustar\u000000", 257);
  block.write("root", 265);
  block.write("root", 297);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\u0000 `, 148);
  return block;
}
