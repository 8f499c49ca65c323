/** Node's own modules for `fake-native.ts`; then what the shims are tried with. Usage: node nodes.mjs BUNDLE WORD... */
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as tty from "node:tty";
import { pathToFileURL } from "node:url";
import * as util from "node:util";

globalThis.nodes = { fs, os, crypto, tty, util, process, buffer: Buffer };
const [bundle] = process.argv.splice(2, 1);
await import(pathToFileURL(bundle).href);
