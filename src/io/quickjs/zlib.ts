/** Node's `zlib` in JavaScript: for short texts that a person waits for. */
import { gzipSync as gzip, inflateSync } from "fflate/browser";
import { Buffer } from "./buffer.ts";

/** Without a time, as Node writes it. */
export function gzipSync(bytes: Uint8Array): Buffer {
  return Buffer.from(gzip(bytes, { mtime: 0 }).buffer as ArrayBuffer);
}

/** @throws when it is no deflated text */
export function inflateRawSync(bytes: Uint8Array): Buffer {
  return Buffer.from(inflateSync(bytes));
}
