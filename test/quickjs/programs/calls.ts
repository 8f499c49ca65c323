/**
 * Calls functions of "native" as its argument says, in JSON, and prints what they return, in JSON: [[name, ...arguments]...].
 * {"bytes": [...]} is an Uint8Array, {"result": 2} what the third call has returned, {"joined": [...]} a text of such pieces,
 * {"number": "NaN"} what JSON can't say; a function named "value" gives the export of that name.
 */
import * as native from "native";
import { printJson } from "./print.ts";

type Functions = Readonly<Record<string, (...args: readonly unknown[]) => unknown>>;
interface Special {
  readonly bytes?: readonly number[];
  readonly result?: number;
  readonly joined?: readonly unknown[];
  readonly number?: string;
}

const results: unknown[] = [];

function argumentOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const { bytes, result, joined, number } = value as Special;
  if (bytes !== undefined) return new Uint8Array(bytes);
  if (result !== undefined) return results[result];
  if (joined !== undefined) return joined.map(argumentOf).join("");
  return number === undefined ? value : Number(number);
}

function call([name = "", ...args]: readonly [string, ...unknown[]]): unknown {
  const exports = native as unknown as Functions;
  if (name === "value") return exports[String(args[0])];
  try {
    const result = exports[name]?.(...args.map(argumentOf));
    return result instanceof ArrayBuffer ? { bytes: [...new Uint8Array(result)] } : result;
  } catch (error) {
    return { thrown: `${error}` };
  }
}

for (const step of JSON.parse(native.argv()[1] ?? "[]")) results.push(call(step));
printJson(results.map((result) => (result === undefined ? null : result)));
