/** All of standard input at once, for a command that is given a file by it. */
import * as fs from "fs";
import { sleep_ms } from "./pause.ts";

const STDIN = 0;
const PIECE_BYTES = 65_536;
/** How long to wait for a writer, where the pipe or terminal doesn't block. */
const RETRY_ms = 20;

/**
 * Reads to the end, and waits for it.
 * @param most_bytes more isn't read
 * @throws as a file does: with a `code`, which is "EFBIG" for too long an input
 */
export function readStandardInput(most_bytes: number): string {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for (;;) {
    const piece = Buffer.alloc(PIECE_BYTES);
    const read = readPiece(piece);
    if (read === 0) return Buffer.concat(pieces).toString("utf8");
    bytes += read;
    if (bytes > most_bytes) throw Object.assign(new Error(`longer than ${most_bytes} bytes`), { code: "EFBIG" });
    pieces.push(piece.slice(0, read));
  }
}

function readPiece(piece: Buffer): number {
  for (;;) {
    try {
      return fs.readSync(STDIN, piece, 0, piece.length, null);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EOF") return 0;
      if (code !== "EAGAIN") throw error;
      sleep_ms(RETRY_ms);
    }
  }
}
