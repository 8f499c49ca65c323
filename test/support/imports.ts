/** What a source text imports, and what of it the floor plan forbids. */
import { builtinModules } from "node:module";
import { posix } from "node:path";
import { FLOORS, PACKAGES, ROOMS } from "../floor-plan.ts";

export interface Import {
  readonly line: number;
  /** As it is written; "" when it isn't a literal. */
  readonly from: string;
}

const STATEMENT = /^[ \t]*(?:import|export)\b(?:[^;"'`]*?\bfrom)?\s*["']([^"']*)["']/gm;
const CALL = /\b(?:import|require)\s*\(\s*(?:(["'`])([^"'`$]*)\1\s*[,)])?/g;

/** All imports of a module: statements with or without types, re-exports, `import()` and `require()`. */
export function importsOf(text: string): Import[] {
  const lineAt = (index: number) => text.slice(0, index).split("\n").length;
  const statements = [...text.matchAll(STATEMENT)].map(({ 0: all, 1: from = "", index }) => ({
    line: lineAt(index + all.length),
    from,
  }));
  const calls = [...text.matchAll(CALL)].map(({ 2: from = "", index }) => ({ line: lineAt(index), from }));
  return [...statements, ...calls];
}

/**
 * @param path of the importing file, from the root: "src/base/timers.ts"
 * @returns a line for each import that the plan forbids: "src/base/timers.ts:3 imports src/policy/site.ts: floor base/ may not
 *   import policy/"
 */
export function floorOffences(path: string, text: string): string[] {
  const floor = floorOf(path);
  if (FLOORS[floor] === undefined) return [`${path}: the floor plan has no ${floor}`];
  const room = roomOf(path, floor);
  if (ROOMS[floor]?.includes(room) === false) return [`${path}: the floor plan has no ${room} in ${floor}`];
  return importsOf(text).flatMap(({ line, from }) => {
    const target = from.startsWith(".") ? posix.join(posix.dirname(path), from) : from;
    const why = from.startsWith(".") ? whyNotFile(path, target) : whyNotModule(path, from);
    return why === undefined ? [] : [`${path}:${line} imports ${target || "what only shows when it runs"}: ${why}`];
  });
}

function whyNotFile(path: string, target: string): string | undefined {
  if (!target.startsWith("src/")) return "src/ is all that the program is made of";
  const [floor, other] = [floorOf(path), floorOf(target)];
  if (floor !== other) return allows(floor, other) ? undefined : `floor ${floor} may not import ${other}`;
  const rooms = ROOMS[floor];
  const [room, otherRoom] = [roomOf(path, floor), roomOf(target, floor)];
  if (rooms === undefined || room === otherRoom || rooms.slice(0, rooms.indexOf(room)).includes(otherRoom))
    return undefined;
  return `${room} stands before ${otherRoom} in ${floor}`;
}

function whyNotModule(path: string, name: string): string | undefined {
  if (name.startsWith("node:") || builtinModules.includes(name)) {
    return allows(floorOf(path), "host") ? undefined : `floor ${floorOf(path)} may not touch the host`;
  }
  const importer = PACKAGES[name];
  if (importer !== undefined && isWithin(path, importer)) return undefined;
  return importer === undefined ? "the floor plan has no such package" : `only ${importer} may`;
}

/** @param place a file, or a folder with a slash at its end */
export function isWithin(path: string, place: string): boolean {
  return path === place || (place.endsWith("/") && path.startsWith(place));
}

function allows(floor: string, other: string): boolean {
  return FLOORS[floor]?.split(" ").includes(other) === true;
}

/** "base/", or a file beside the floors. */
export function floorOf(path: string): string {
  const [, name = "", ...rest] = path.split("/");
  return rest.length === 0 ? name : `${name}/`;
}

/** "phones/", or a file beside the rooms. */
export function roomOf(path: string, floor: string): string {
  const [name = "", ...rest] = path.slice(`src/${floor}`.length).split("/");
  return rest.length === 0 ? name : `${name}/`;
}
