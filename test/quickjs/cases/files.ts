/** Node's synchronous fs, in a folder that is empty at first. */
import * as fs from "node:fs";
import type { Cases } from "./outcome.ts";

const kindOf = (stats: fs.Stats) => [
  stats.isFile(),
  stats.isDirectory(),
  stats.isSymbolicLink(),
  stats.isSocket(),
  stats.isFIFO(),
];

export const FILES: Cases = {
  "a missing file can't be read": () => fs.readFileSync("none", "utf8"),
  "nor opened": () => fs.openSync("none", "r"),
  "nor looked at": () => fs.statSync("none"),
  "nor as a link": () => fs.lstatSync("none"),
  "nor removed": () => fs.unlinkSync("none"),
  "nor renamed": () => fs.renameSync("none", "other"),
  "nor linked": () => fs.linkSync("none", "other"),
  "nor entered": () => fs.readdirSync("none"),
  "nor followed": () => fs.realpathSync("none"),
  "nor read as a link": () => fs.readlinkSync("none"),
  "nor asked for": () => fs.accessSync("none", fs.constants.R_OK),
  "nor be there": () => fs.existsSync("none"),
  "a folder above that is missing": () => fs.writeFileSync("none/file", ""),
  "a name that is too long": () => fs.readFileSync("n".repeat(300), "utf8"),
  "a text is written and read": () => {
    fs.writeFileSync("text", "Grüße €\n");
    return [fs.readFileSync("text", "utf8"), fs.readFileSync("text", "latin1"), fs.readFileSync("text")];
  },
  "a mark of the byte order stays": () => {
    fs.writeFileSync("marked", "\ufefftext");
    return fs.readFileSync("marked", "utf8");
  },
  "octets are written and read": () => {
    fs.writeFileSync("octets", new Uint8Array([0, 255, 128, 10]));
    return fs.readFileSync("octets");
  },
  "more than a piece": () => {
    fs.writeFileSync("long", "0123456789".repeat(30_000));
    return [fs.readFileSync("long", "latin1").length, fs.readFileSync("long").length, fs.statSync("long").size];
  },
  "an empty file": () => {
    fs.writeFileSync("empty", "");
    return [fs.readFileSync("empty", "utf8"), fs.readFileSync("empty", "latin1"), fs.readFileSync("empty")];
  },
  "a file of the kernel's": () => fs.readFileSync("/proc/sys/kernel/ostype", "utf8"),
  "a file is cut when it is written anew": () => {
    fs.writeFileSync("text", "ab");
    return fs.readFileSync("text", "utf8");
  },
  appended: () => {
    fs.writeFileSync("text", "cd", { flag: "a" });
    return fs.readFileSync("text", "utf8");
  },
  "one that is there isn't made": () => fs.writeFileSync("text", "", { flag: "wx" }),
  "with a mode": () => {
    fs.writeFileSync("secret", "", { flag: "wx", mode: 0o600 });
    return (fs.statSync("secret").mode & 0o7777).toString(8);
  },
  "by a descriptor": () => {
    const fd = fs.openSync("piecewise", "wx", 0o640);
    const written = [fs.writeSync(fd, "ä1"), fs.writeSync(fd, Buffer.from("_234"), 1)];
    fs.writeFileSync(fd, "56");
    fs.fsyncSync(fd);
    const { size } = fs.fstatSync(fd);
    fs.closeSync(fd);
    return [written, size, fs.readFileSync("piecewise", "utf8")];
  },
  "read in pieces": () => {
    const fd = fs.openSync("piecewise", "r");
    const piece = Buffer.alloc(10);
    const read = [3, 10, 10].map((length) => fs.readSync(fd, piece, 0, Math.min(length, piece.length), null));
    fs.closeSync(fd);
    return [read, piece];
  },
  "a descriptor is read to its end from where it is": () => {
    const fd = fs.openSync("piecewise", "r");
    fs.readSync(fd, Buffer.alloc(3), 0, 3, null);
    const rest = fs.readFileSync(fd, "utf8");
    fs.closeSync(fd);
    return rest;
  },
  "a closed descriptor": () => fs.fsyncSync(999),
  "closed again": () => fs.closeSync(999),
  read: () => fs.readSync(999, Buffer.alloc(1), 0, 1, null),
  "looked at": () => fs.fstatSync(999),
  written: () => fs.writeSync(999, "a"),
  "a reader may not write": () => {
    const fd = fs.openSync("text", "r");
    try {
      return fs.writeSync(fd, "a");
    } finally {
      fs.closeSync(fd);
    }
  },
  "a folder is no file": () => fs.readFileSync(".", "utf8"),
  "nor can it be written": () => fs.writeFileSync(".", ""),
  "a file is no folder": () => fs.readdirSync("text"),
  "nor has it files": () => fs.readFileSync("text/file", "utf8"),
  "a full disk": () => fs.writeFileSync("/dev/full", "a"),
  kinds: () => {
    return [fs.statSync("text"), fs.statSync("."), fs.statSync("/dev/null")].map(kindOf);
  },
  "stats have numbers": () => {
    const { dev, ino, uid, mtimeMs, ctimeMs, mtime } = fs.statSync("text");
    const isNew = Math.abs(Date.now() - mtimeMs) < 60_000 && Math.abs(ctimeMs - mtimeMs) < 60_000;
    return [dev > 0, ino > 0, uid, isNew, Math.abs(mtime.getTime() - mtimeMs) < 1];
  },
  renamed: () => {
    fs.renameSync("octets", "renamed");
    return [fs.existsSync("octets"), fs.existsSync("renamed")];
  },
  linked: () => {
    fs.linkSync("renamed", "octets");
    return fs.statSync("octets").ino === fs.statSync("renamed").ino;
  },
  "linked onto one that is there": () => fs.linkSync("renamed", "octets"),
  copied: () => {
    fs.copyFileSync("renamed", "copy");
    const [from, to] = ["renamed", "copy"].map((name) => [fs.readFileSync(name, "latin1"), fs.statSync(name).mode]);
    fs.unlinkSync("copy");
    return [from, to];
  },
  "over a folder": () => fs.renameSync("renamed", "."),
  removed: () => fs.unlinkSync("renamed"),
  "a folder isn't removed so": () => fs.unlinkSync("."),
  "a folder": () => [fs.mkdirSync("folder", { mode: 0o700 }), (fs.statSync("folder").mode & 0o7777).toString(8)],
  "one that is there": () => fs.mkdirSync("folder"),
  "in one that is missing": () => fs.mkdirSync("none/folder"),
  "with all above": () => {
    const here = fs.realpathSync(".");
    const made = fs.mkdirSync("folder/one/two/three", { recursive: true, mode: 0o700 });
    const again = fs.mkdirSync("folder/one/two/three", { recursive: true });
    const whole = fs.mkdirSync(`${here}/folder/four/five/`, { recursive: true });
    return [made?.replace(here, "HERE"), again, whole?.replace(here, "HERE"), fs.readdirSync("folder")];
  },
  "where a file is": () => fs.mkdirSync("text", { recursive: true }),
  "below a file": () => fs.mkdirSync("text/one/two", { recursive: true }),
  "names in order": () => {
    for (const name of ["b", "a", "B", "ä", "€"]) fs.writeFileSync(`folder/${name}`, "");
    return fs.readdirSync("folder");
  },
  "what a path leads to": () => fs.realpathSync("./folder/../text").endsWith("/text"),
  "a link of the kernel's": () => /^\d+$/.test(fs.readlinkSync("/proc/self")),
  "no link": () => fs.readlinkSync("text"),
  rights: () => [fs.accessSync("text", fs.constants.R_OK), fs.accessSync("text", fs.constants.W_OK)],
};
