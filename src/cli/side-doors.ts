/** The side doors of `branchline run`: another one is an element of this list. */
import { CONTROL_FILE, type Config } from "../app/config/config.ts";
import { answerControl, answerReadOnly, type Controlled } from "../app/control.ts";
import type { SideDoor, SideDoors } from "../app/side-door.ts";
import { ControlSocket } from "../io/node/control-socket.ts";
import { MONITOR_MODE, MONITOR_SOCKET } from "./monitor-socket.ts";

/** @param monitor the path of the socket for monitoring; undefined: none */
export function sideDoors({ state }: Config, monitor = MONITOR_SOCKET): SideDoors {
  return (running) => [
    {
      server: new ControlSocket(`${state.folder}/${CONTROL_FILE}`, (line) => answerControl(line, running)),
      door: "the socket for commands",
      effect: "no commands",
    },
    ...(monitor === undefined ? [] : [monitorDoor(monitor, running)]),
  ];
}

function monitorDoor(file: string, running: Controlled): SideDoor {
  return {
    server: new ControlSocket(file, (line) => answerReadOnly(line, running), MONITOR_MODE),
    door: "the socket for monitoring",
    effect: "no monitoring but by root",
  };
}
