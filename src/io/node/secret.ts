/** Chance, and what is derived from this installation's secret. */
import * as crypto from "crypto";
import * as fs from "fs";
import * as path from "path";
import type { Logger, Mac, Random } from "../../base/ports.ts";
import { reasonOf } from "../../base/reason.ts";
import { makeFolder, syncFolder, writeWhole } from "./whole-file.ts";

/** 96 bits. */
export const MAC_CHARACTERS = 16;
const SECRET_BYTES = 32;
/** A multiple of three. */
const RANDOM_POOL_BYTES = 768;
/** How many texts of four digits and small letters there are: three octets have room for nine times as many. */
const TEXTS = 36 ** 4;

/** Random tokens, cut from a pool: one call to the kernel serves a hundred of them. */
export function createRandom(): Random {
  let pool = crypto.randomBytes(RANDOM_POOL_BYTES);
  let used = 0;
  const next24Bits = (): number => {
    if (used === pool.length) {
      pool = crypto.randomBytes(RANDOM_POOL_BYTES);
      used = 0;
    }
    let bits = 0;
    for (const end = used + 3; used < end; used++) bits = (bits << 8) | (pool[used] as number);
    return bits;
  };
  return {
    token(length: number): string {
      let token = "";
      while (token.length < length) {
        const bits = next24Bits();
        // Every text is as likely.
        if (bits < 9 * TEXTS) token += (bits % TEXTS).toString(36).padStart(4, "0");
      }
      return token.slice(0, length);
    },
    fraction: () => next24Bits() / 0x1000000,
  };
}

/**
 * The keyed hash of this installation: HMAC-SHA-256, cut to 96 bits. Its secret is made at the first start, and tokens
 * stay valid as long as it does. On a router whose flash can't be written it lasts until the next restart.
 */
export function createMac(folder: string, log: Logger): Mac {
  return keyedHash(loadOrImprovise(folder, log), MAC_CHARACTERS);
}

/** HMAC-SHA-256: the first `characters` of its base64url. */
export function keyedHash(key: Buffer, characters: number): (text: string) => string {
  return (text) =>
    crypto
      .createHmac("sha256", key)
      .update(text)
      .digest("base64")
      .slice(0, characters)
      .replace(/\+/g, "-")
      .replace(/\//g, "_");
}

function loadOrImprovise(folder: string, log: Logger): Buffer {
  try {
    return loadSecret(folder);
  } catch (error) {
    log.warn("state_folder", { error: reasonOf(error), effect: "calls in progress won't survive a restart" });
    return crypto.randomBytes(SECRET_BYTES);
  }
}

/** @throws when the folder can't be written or the file read */
function loadSecret(folder: string): Buffer {
  const file = path.join(folder, "secret");
  const known = readSecret(file);
  if (known !== undefined) return known;
  // Tokens leave at once: a power cut must take neither the name of the file nor that of its folder.
  makeFolder(folder);
  const secret = crypto.randomBytes(SECRET_BYTES);
  writeWhole(file, `${secret.toString("hex")}\n`, 0o600);
  syncFolder(folder);
  return secret;
}

/** Undefined when there is none, or what is there was never written whole. */
function readSecret(file: string): Buffer | undefined {
  if (!fs.existsSync(file)) return undefined;
  const secret = Buffer.from(fs.readFileSync(file, "latin1").trim(), "hex");
  return secret.length === SECRET_BYTES ? secret : undefined;
}
