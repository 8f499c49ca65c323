/** The process itself. */
import * as native from "native";
import { good, handle, say } from "./say.ts";

export const processes = {
  born: (words: readonly string[]) => {
    native.setTitle("a title that is too long");
    const title = native.readText(good(native.open("/proc/self/comm", 0, 0)), 100);
    const environment = native.environment().filter((text) => text.startsWith("GIVEN="));
    const isSame = native.pid() === Number(String(native.readlink("/proc/self")));
    say({ words, environment, title, executable: native.executable(), isSame, uid: native.uid() });
  },
  /** Descriptors that were closed when it began. */
  closed: () => {
    const fd = good(native.socket(4, false));
    const standard = [0, 1].map((one) => native.readlink(`/proc/self/fd/${one}`));
    native.writeText(2, JSON.stringify([fd > 2, ...standard]));
  },
  exits: ([status = "0"]: readonly string[]) => {
    handle({ onIdle: () => say("never said") });
    native.exit(Number(status));
  },
  /** Modules that there are, and one that there isn't. */
  modules: async () => {
    const imported = (name: string) =>
      import(name).then(
        (namespace: unknown) => namespace,
        (error: unknown) => String(error),
      );
    const other = (await imported("./other.js")) as { pid: number };
    say({
      missing: await imported("./no-such.js"),
      path: await imported("/etc/passwd"),
      isOther: other.pid === native.pid() && other === (await imported("other.js")),
      isNative: (await imported("native")) === native,
      evaluated: evaluation(),
    });
  },
  /** A file for other programs. */
  write: ([path = "", text = ""]: readonly string[]) => {
    const { O_WRONLY = 0, O_CREAT = 0, O_TRUNC = 0 } = native.flags;
    good(native.writeText(good(native.open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)), text));
  },
};

/** No text ever becomes a program. */
function evaluation(): string {
  try {
    return String(new Function("return 1")());
  } catch (error) {
    return String(error);
  }
}
