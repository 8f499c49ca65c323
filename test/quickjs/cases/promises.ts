/** Node's fs.promises. */
import * as fs from "node:fs";
import type { Cases } from "./outcome.ts";

const { promises } = fs;

export const PROMISES: Cases = {
  "a missing file is read": () => promises.readFile("nothing", "utf8"),
  opened: () => promises.open("nothing", "r"),
  "looked at": () => promises.stat("nothing"),
  removed: () => promises.unlink("nothing"),
  renamed: () => promises.rename("nothing", "other"),
  "its mode": () => promises.chmod("nothing", 0o600),
  "a folder below one that is missing": () => promises.mkdir("nothing/folder"),
  "a whole save": async () => {
    const here = fs.realpathSync(".");
    const made = await promises.mkdir("saved/in", { recursive: true, mode: 0o700 });
    const handle = await promises.open("saved/in/file.new", "wx", 0o600);
    await handle.writeFile("Grüße\n");
    await handle.sync();
    await handle.close();
    await promises.rename("saved/in/file.new", "saved/in/file");
    await promises.chmod("saved/in/file", 0o640);
    const { mode, size } = await promises.stat("saved/in/file");
    return [made?.replace(here, "HERE"), await promises.readFile("saved/in/file", "utf8"), mode.toString(8), size];
  },
  "a folder is synced": async () => {
    const handle = await promises.open("saved", "r");
    await handle.sync();
    await handle.close();
  },
  "a file is read in pieces": async () => {
    const handle = await promises.open("saved/in/file", "r");
    const piece = Buffer.alloc(4);
    const { bytesRead } = await handle.read(piece, 0, 4, null);
    await handle.close();
    return [bytesRead, piece];
  },
  "one that is there isn't made": () => promises.open("saved/in/file", "wx"),
  "in its order": async () => {
    const order: string[] = [];
    await Promise.all([
      promises.readFile("saved/in/file", "latin1").then(() => order.push("read")),
      promises.unlink("nothing").catch(() => order.push("failed")),
    ]);
    return order.sort();
  },
};
