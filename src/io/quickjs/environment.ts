/** The environment's variables by name; what changes them here changes them for children, too. */
import * as native from "native";

export const env: Record<string, string | undefined> = {};

for (const line of native.environment()) {
  const end = line.indexOf("=");
  if (end > 0) env[line.slice(0, end)] = line.slice(end + 1);
}
