/** The keys of the terminal as they are pressed, and its size. The binary has src/io/quickjs/keyboard.ts in the place of this file. */

export interface KeyboardUser {
  /** What was typed, one character an octet: a key may have several, and may come in pieces. */
  onKeys(octets: string): void;
  /** The terminal is gone. */
  onEnd(): void;
}

/**
 * Hears keys from now on: the terminal shows none of them, and Ctrl-C is one.
 * @returns ends that, and leaves the terminal as it was
 */
export function openKeyboard({ onKeys, onEnd }: KeyboardUser): () => void {
  const { stdin } = process;
  stdin.setRawMode(true);
  stdin.setEncoding("latin1").on("data", onKeys).on("end", onEnd).on("error", onEnd);
  return () => {
    stdin.pause();
    stdin.setRawMode(false);
  };
}
