/** All programs of these tests in one binary: the first argument names which is meant. */
import * as native from "native";
import { children } from "./children.ts";
import { datagrams } from "./datagrams.ts";
import { errors } from "./errors.ts";
import { loop } from "./loop.ts";
import { processes } from "./processes.ts";
import { streams } from "./streams.ts";
import { texts } from "./texts.ts";

const programs: Readonly<Record<string, (words: readonly string[]) => void>> = {
  ...texts,
  ...datagrams,
  ...streams,
  ...loop,
  ...errors,
  ...children,
  ...processes,
};
const [, name = "", ...words] = native.argv();
const program = programs[name];
if (program === undefined) throw new Error(`there is no program ${name}`);
program(words);
