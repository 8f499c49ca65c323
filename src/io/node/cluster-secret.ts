/** The secret of a pair, from its file or the environment. `make-secret.ts` makes it, which the running proxy doesn't load. */
import * as fs from "fs";
import { WHY_UNREAD } from "./read-text.ts";

/** Whence a secret comes: the path of a file, or the name of a variable. */
type Source = { readonly file: string } | { readonly env: string };

/** As many characters of a person's choice are hard to guess; those of `make-secret.ts` have 256 bits. */
const CHARACTERS_MIN = 32;
/** A longer file is no secret. */
export const SECRET_BYTES_MAX = 4_096;

/** Write for the group; read, write and execute for others. */
const TOO_OPEN = 0o027;

const WHY: typeof WHY_UNREAD = { ...WHY_UNREAD, ENOENT: "no such file (`branchline cluster secret` makes it)" };

export class SecretUnusable extends Error {
  /** A variable that isn't set here may be set for the running proxy. */
  readonly isHint: boolean;

  constructor(message: string, isHint = false) {
    super(message);
    this.isHint = isHint;
  }
}

/** Why the secret can't serve, and what helps; undefined when it can. */
export function secretFault(source: Source): { readonly message: string; readonly isHint: boolean } | undefined {
  try {
    readSecret(source);
    return undefined;
  } catch (error) {
    if (error instanceof SecretUnusable) return { message: error.message, isHint: error.isHint };
    throw error;
  }
}

/**
 * The secret as it is written, without white space around it.
 * @throws SecretUnusable when it isn't there, too short, or others may read it
 */
export function readSecret(source: Source): string {
  const [text, where] =
    "env" in source ? [fromEnvironment(source.env), source.env] : [fromFile(source.file), source.file];
  return secretIn(text, where);
}

/**
 * The secret in a text.
 * @param where the text comes from, for a person
 * @throws SecretUnusable when it is too short
 */
export function secretIn(text: string, where: string): string {
  const secret = text.trim();
  if (secret.length >= CHARACTERS_MIN) return secret;
  const found = secret === "" ? "is empty" : `has ${secret.length} characters`;
  throw new SecretUnusable(
    `${where} ${found}; a secret has at least ${CHARACTERS_MIN}: \`branchline cluster secret\` makes one`,
  );
}

function fromEnvironment(name: string): string {
  const value = process.env[name];
  if (value !== undefined) return value;
  throw new SecretUnusable(`names the variable ${name}, which isn't set here; the service needs it`, true);
}

function fromFile(file: string): string {
  let fd: number;
  try {
    fd = fs.openSync(file, "r");
  } catch (error) {
    throw unreadable(file, error);
  }
  try {
    const { mode, size } = fs.fstatSync(fd);
    if ((mode & TOO_OPEN) !== 0) {
      throw new SecretUnusable(`may be read or written by others: chmod 600 ${file}`);
    }
    if (size > SECRET_BYTES_MAX)
      throw new SecretUnusable(`${file} is longer than ${SECRET_BYTES_MAX} bytes: it is no secret`);
    return fs.readFileSync(fd, "utf8");
  } catch (error) {
    throw error instanceof SecretUnusable ? error : unreadable(file, error);
  } finally {
    fs.closeSync(fd);
  }
}

function unreadable(file: string, error: unknown): SecretUnusable {
  const { code = "" } = error as NodeJS.ErrnoException;
  return new SecretUnusable(`can't be read: ${WHY[code] ?? code}: ${file}`);
}
