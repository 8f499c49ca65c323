/** Node's `path` for POSIX. */
import * as native from "native";

export const sep = "/";

/** The present folder; "/" where it is gone. */
function currentFolder(): string {
  const found = native.realpath(".");
  return typeof found === "string" ? found : "/";
}

export function isAbsolute(path: string): boolean {
  return path.startsWith("/");
}

/** Without "." and "..", as far as these lead to a part of the path. */
function squeezed(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    const isUp = part === "..";
    if (isUp && parts.length > 0 && parts[parts.length - 1] !== "..") parts.pop();
    else if (!isUp || !isAbsolute(path)) parts.push(part);
  }
  return `${isAbsolute(path) ? "/" : ""}${parts.join("/")}`;
}

/** A slash at the end stays. */
export function normalize(path: string): string {
  const inner = squeezed(path);
  const isFolder = path.endsWith("/");
  if (inner === "") return isFolder ? "./" : ".";
  return isFolder && inner !== "/" ? `${inner}/` : inner;
}

export function join(...paths: readonly string[]): string {
  const joined = paths.filter((path) => path !== "").join("/");
  return joined === "" ? "." : normalize(joined);
}

/** Absolute, without a slash at the end. */
export function resolve(...paths: readonly string[]): string {
  let whole = "";
  for (const path of [...paths].reverse()) {
    if (path === "") continue;
    whole = whole === "" ? path : `${path}/${whole}`;
    if (isAbsolute(path)) break;
  }
  return squeezed(isAbsolute(whole) ? whole : `${currentFolder()}/${whole}`) || "/";
}

/** Slashes at the end are no part of a name. */
function withoutEnd(path: string): string {
  return path.replace(/(?!^)\/+$/, "");
}

export function dirname(path: string): string {
  if (path === "") return ".";
  const whole = withoutEnd(path);
  const slash = whole.lastIndexOf("/");
  if (slash < 0) return ".";
  if (slash === 0) return "/";
  return slash === 1 && isAbsolute(path) ? "//" : whole.slice(0, slash);
}

/** @param end is cut off, unless it is the whole name */
export function basename(path: string, end = ""): string {
  const whole = withoutEnd(path);
  const name = whole.slice(whole.lastIndexOf("/") + 1);
  return end !== "" && name.endsWith(end) && name !== end ? name.slice(0, -end.length) : name;
}

/** From the last dot on; "" for a name that only begins with one. */
export function extname(path: string): string {
  const name = basename(path);
  const dot = name.lastIndexOf(".");
  return dot <= 0 || name === ".." ? "" : name.slice(dot);
}
