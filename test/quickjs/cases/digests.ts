/** Node's crypto and zlib. */
import * as crypto from "node:crypto";
import * as zlib from "node:zlib";
import type { Cases } from "./outcome.ts";

const LENGTHS = [0, 1, 55, 56, 63, 64, 65, 119, 120, 1_000];
const texts = LENGTHS.map((length) => "ä".repeat(length));
const hash = (text: string) => crypto.createHash("sha256").update(text);

export const DIGESTS: Cases = {
  "SHA-256 in hexadecimal digits": () => texts.map((text) => hash(text).digest("hex")),
  "SHA-256 in base64": () => hash("branchline").digest("base64"),
  "SHA-256 in two pieces": () => hash("branch").update("line").digest("hex"),
  "HMAC-SHA-256, with keys of all lengths": () =>
    LENGTHS.map((length) => {
      const key = Buffer.alloc(length, 0x5a);
      return texts.map((text) => crypto.createHmac("sha256", key).update(text).digest("base64"));
    }),
  "HMAC with one key again and again": () => {
    const key = Buffer.from("a secret of this router");
    return [1, 2, 1].map((round) => crypto.createHmac("sha256", key).update(`text ${round}`).digest("hex"));
  },
  "chance has the length that is asked for, and differs": () => {
    const [one, other] = [crypto.randomBytes(32), crypto.randomBytes(32)];
    return [one.length, crypto.randomBytes(1_024).length, one.equals(other), Buffer.isBuffer(one)];
  },
  "gzip can be read again": () => {
    const text = Buffer.from("a line of the log\n".repeat(500));
    const packed = zlib.gzipSync(text);
    const body = packed.subarray(10, packed.length - 8);
    return [packed.subarray(0, 8), packed.length < 300, zlib.inflateRawSync(body).equals(text)];
  },
  inflated: () => zlib.inflateRawSync(Buffer.from("S0pMSk5JTQMA", "base64")).toString(),
};
