/** The secrets of `cluster`: where they lie, and whether they can serve. */
import type { SecretSource } from "../../cluster/settings.ts";
import { type Fields, longFormOf } from "./fields.ts";
import { type Rows, required, restart, text } from "./key-kinds.ts";
import type { Place, Reader } from "./reader.ts";
import type { Surroundings } from "./section.ts";

export const SECRET_KEYS = {
  "cluster.secret": required(restart(text()), "state/cluster-secret"),
  "cluster.secret.env": restart(text()),
  "cluster.second_secret": restart(text()),
  "cluster.second_secret.env": restart(text()),
} as const satisfies Rows;

/** Of a file or variable that can't serve it is told why. */
export function loadSecret(
  reader: Reader,
  place: Place,
  path: "cluster.secret" | "cluster.second_secret",
  { resolvePath, secretFault }: Surroundings,
): SecretSource | undefined {
  const fields = longFormOf(reader, place, SECRET_KEYS, path);
  const source = fields.isThere ? loadVariable(reader, fields) : loadFile(reader, place, resolvePath);
  const fault = source === undefined ? undefined : secretFault(source);
  if (fault !== undefined) reader.fault(place, fault.message, fault.isHint ? reader.hints : reader.problems);
  return source;
}

function loadFile(reader: Reader, place: Place, resolvePath: (path: string) => string): SecretSource | undefined {
  const file = reader.text(place, "the path of a file with the secret, or a mapping with the key env");
  return file === undefined ? undefined : { file: resolvePath(file) };
}

function loadVariable(
  reader: Reader,
  fields: Fields<typeof SECRET_KEYS, "cluster.secret" | "cluster.second_secret">,
): SecretSource | undefined {
  const expected = "the name of a variable of the environment, such as BRANCHLINE_SECRET";
  const place = fields.get("env");
  if (place === undefined) {
    reader.lacks(fields.place, "env", "BRANCHLINE_SECRET");
    return undefined;
  }
  const env = reader.text(place, expected);
  if (env === undefined || /^[A-Za-z_][A-Za-z0-9_]*$/.test(env)) return env === undefined ? undefined : { env };
  reader.fault(place, `"${env}" must be ${expected}`);
  return undefined;
}
