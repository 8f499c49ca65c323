/** arithmetic.ts as a program of the binary. */
import { writeText } from "native";
import { results } from "./arithmetic.ts";

for (
  let text = `${results().replace(/[^\x20-\x7e\n]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`)}\n`;
  text !== "";
) {
  const written = writeText(1, text);
  if (written < 0) throw new Error(`${written}`);
  text = text.slice(written);
}
// A part that is loaded on demand.
import("./part.ts").then(({ said }) => writeText(1, said));
