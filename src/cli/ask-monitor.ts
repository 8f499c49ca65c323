/** Asks at the socket for monitoring, where the caller may not ask at the one in the state folder. */
import * as path from "path";
import type { ControlAnswer, ControlQuestion } from "../app/control.ts";
import { askControl } from "../io/node/control-socket.ts";
import { MONITOR_SOCKET } from "./monitor-socket.ts";

/**
 * @param file the configuration file that is meant: the branchline of another one isn't asked
 * @returns undefined when there is no such socket, when the caller may not use it either, or when it belongs to another file
 */
export async function askMonitor(file: string, question: ControlQuestion): Promise<ControlAnswer | undefined> {
  const known = await askAt({ command: "status" });
  if (known?.ok !== true || known.status.file !== path.resolve(file)) return undefined;
  return question.command === "status" ? known : askAt(question);
}

async function askAt(question: ControlQuestion): Promise<ControlAnswer | undefined> {
  if (MONITOR_SOCKET === undefined) return undefined;
  const line = await askControl(MONITOR_SOCKET, JSON.stringify(question)).catch(() => undefined);
  return line === undefined ? undefined : (JSON.parse(line) as ControlAnswer);
}
