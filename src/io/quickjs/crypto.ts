/** Node's `crypto`: SHA-256, its HMAC and chance. */
import * as native from "native";
import { Buffer } from "./buffer.ts";

/** Of texts, which are hashed as UTF-8. */
interface Digest {
  update(text: string): Digest;
  digest(encoding: "hex" | "base64"): string;
}

/** Keys by number, as the host has them: a secret is hashed once, and not for each token. */
const keys = new WeakMap<Uint8Array, number>();

export function createHash(algorithm: "sha256"): Digest {
  return new Hash(algorithm);
}

/** @param key the same object each time, and never changed: it is told to the host once */
export function createHmac(algorithm: "sha256", key: Uint8Array): Digest {
  let number = keys.get(key);
  if (number === undefined) {
    number = native.hmacKey(key);
    keys.set(key, number);
  }
  return new Hmac(algorithm, number);
}

/** Octets from the kernel. */
export function randomBytes(length: number): Buffer {
  return Buffer.from(native.random(length));
}

class Hash implements Digest {
  private text = "";

  constructor(algorithm: string) {
    refuseOthers(algorithm);
  }

  update(text: string): this {
    this.text += text;
    return this;
  }

  digest(encoding: "hex" | "base64"): string {
    const digits = native.sha256(this.text);
    return encoding === "hex" ? digits : Buffer.from(digits, "hex").toString(encoding);
  }
}

class Hmac implements Digest {
  private readonly key: number;
  private text = "";

  constructor(algorithm: string, key: number) {
    refuseOthers(algorithm);
    this.key = key;
  }

  update(text: string): this {
    this.text += text;
    return this;
  }

  digest(encoding: "hex" | "base64"): string {
    const base64 = native.hmac(this.key, this.text);
    return encoding === "base64" ? base64 : Buffer.from(base64, "base64").toString(encoding);
  }
}

function refuseOthers(algorithm: string): void {
  if (algorithm !== "sha256") throw new Error(`Digest method not supported: ${algorithm}`);
}
