/**
 * Loaded by `node -r` before branchline: the disk under its state folder writes in small pieces and takes its time, and
 * a journal tells what was written and what was synced, so that a test can cut the power: see tearing-disk.ts.
 * $TEARING_DISK is JSON: the folder, the journal's path, the longest pause before each step, and a seed.
 */
"use strict";
// biome-ignore lint/style/useNodejsImportProtocol: Node 12 doesn't know it.
const fs = require("fs");
// biome-ignore lint/style/useNodejsImportProtocol: Node 12 doesn't know it.
const path = require("path");

const { folder, journal, pause_ms, seed } = JSON.parse(process.env.TEARING_DISK);
const real = Object.assign({}, fs);
const realPromises = Object.assign({}, fs.promises);
const journalHandle = real.openSync(journal, "a");
const sleeper = new Int32Array(new SharedArrayBuffer(4));
/** Which file a path means: renaming moves the number. */
const ids = new Map();
const byDescriptor = new Map();
let lastId = 0;
let chance = seed;

function random() {
  chance = (Math.imul(chance, 1664525) + 1013904223) >>> 0;
  return chance / 4294967296;
}

function note(event) {
  const at_ms = Number(process.hrtime.bigint()) / 1e6;
  real.writeSync(journalHandle, `${JSON.stringify(Object.assign({ at_ms }, event))}\n`);
}

function isOurs(file) {
  return typeof file === "string" && (file === folder || path.dirname(file) === folder);
}

/** The folder's own name is kept by its parent. */
function isFolder(file) {
  return file === folder || file === path.dirname(folder);
}

function pause() {
  return new Promise((resolve) => setTimeout(resolve, random() * pause_ms));
}

function pauseSync() {
  Atomics.wait(sleeper, 0, 0, random() * pause_ms);
}

function* pieces(text) {
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length; ) {
    const end = Math.min(bytes.length, start + 1 + Math.floor(random() * (bytes.length / 3 + 16)));
    yield bytes.slice(start, end);
    start = end;
  }
}

function noteOpen(file, flags) {
  if (!/^w/.test(String(flags))) return ids.get(file);
  const isNew = !ids.has(file);
  if (isNew) ids.set(file, ++lastId);
  note({ op: "open", id: ids.get(file), path: file, isNew });
  return ids.get(file);
}

function noteRename(from, to) {
  const id = ids.get(from);
  ids.delete(from);
  ids.set(to, id);
  note({ op: "rename", from, to, id });
}

function noteRemove(file) {
  if (!ids.has(file)) return;
  ids.delete(file);
  note({ op: "remove", path: file });
}

const noteWrite = (id, piece) => note({ op: "write", id, text: piece.toString("latin1") });

fs.promises.open = async (file, flags, mode) => {
  const handle = await realPromises.open(file, flags, mode);
  if (isFolder(file)) {
    handle.sync = async () => {
      await pause();
      note({ op: "sync-folder", path: file });
    };
  } else if (isOurs(file)) {
    const id = noteOpen(file, flags);
    handle.writeFile = async (text) => {
      for (const piece of pieces(text)) {
        await pause();
        await handle.write(piece, 0, piece.length);
        noteWrite(id, piece);
      }
    };
    handle.sync = async () => {
      await pause();
      note({ op: "sync", id });
    };
    handle.datasync = handle.sync;
  }
  return handle;
};

fs.promises.writeFile = async (file, text, options) => {
  if (!isOurs(file)) return realPromises.writeFile(file, text, options);
  const handle = await fs.promises.open(file, "w");
  await handle.writeFile(text);
  return handle.close();
};

fs.promises.rename = async (from, to) => {
  if (isOurs(from)) await pause();
  await realPromises.rename(from, to);
  if (isOurs(from)) noteRename(from, to);
};

fs.promises.unlink = async (file) => {
  await realPromises.unlink(file);
  if (isOurs(file)) noteRemove(file);
};

fs.promises.mkdir = async (file, options) => {
  const made = await realPromises.mkdir(file, options);
  if (made !== undefined) note({ op: "make-folder" });
  return made;
};

fs.mkdirSync = (file, options) => {
  const made = real.mkdirSync(file, options);
  if (made !== undefined) note({ op: "make-folder" });
  return made;
};

fs.openSync = (file, flags, mode) => {
  const descriptor = real.openSync(file, flags, mode);
  if (isFolder(file)) byDescriptor.set(descriptor, { folder: file });
  else if (isOurs(file)) byDescriptor.set(descriptor, { id: noteOpen(file, flags) });
  return descriptor;
};

fs.writeFileSync = (file, text, options) => {
  const known = byDescriptor.get(file);
  if (known !== undefined) {
    for (const piece of pieces(text)) {
      pauseSync();
      real.writeSync(file, piece);
      noteWrite(known.id, piece);
    }
    return;
  }
  if (!isOurs(file)) {
    real.writeFileSync(file, text, options);
    return;
  }
  const descriptor = fs.openSync(file, "w");
  fs.writeFileSync(descriptor, text);
  fs.closeSync(descriptor);
};

fs.fsyncSync = (descriptor) => {
  const known = byDescriptor.get(descriptor);
  if (known === undefined) {
    real.fsyncSync(descriptor);
    return;
  }
  pauseSync();
  note(known.folder === undefined ? { op: "sync", id: known.id } : { op: "sync-folder", path: known.folder });
};

fs.closeSync = (descriptor) => {
  byDescriptor.delete(descriptor);
  real.closeSync(descriptor);
};

fs.renameSync = (from, to) => {
  if (isOurs(from)) pauseSync();
  real.renameSync(from, to);
  if (isOurs(from)) noteRename(from, to);
};

fs.unlinkSync = (file) => {
  real.unlinkSync(file);
  if (isOurs(file)) noteRemove(file);
};

if (real.existsSync(folder)) {
  for (const name of real.readdirSync(folder)) {
    const file = path.join(folder, name);
    if (!real.statSync(file).isFile()) continue; // a socket
    ids.set(file, ++lastId);
    note({ op: "found", id: lastId, path: file, text: real.readFileSync(file, "latin1") });
  }
} else {
  note({ op: "no-folder" });
}
note({ op: "ready" });
