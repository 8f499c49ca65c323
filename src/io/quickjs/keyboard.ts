/** Keys of the terminal: the counterpart of src/io/node/keyboard.ts. */
import * as native from "native";
import type { KeyboardUser } from "../node/keyboard.ts";
import { checked } from "./errors.ts";
import { stdin } from "./process.ts";

/** @throws SystemError where standard input is no terminal */
export function openKeyboard({ onKeys, onEnd }: KeyboardUser): () => void {
  checked(native.setRaw(stdin.fd, true), "tcsetattr");
  stdin.listen(onKeys, onEnd);
  return () => {
    stdin.pause();
    native.setRaw(stdin.fd, false);
  };
}
