/** The side doors of `branchline run`: another one is an element of this list. */
import { CONTROL_FILE, type Config } from "../app/config/config.ts";
import { answerControl } from "../app/control.ts";
import type { SideDoors } from "../app/side-door.ts";
import { ControlSocket } from "../io/node/control-socket.ts";

export function sideDoors({ state }: Config): SideDoors {
  return (running) => [
    {
      server: new ControlSocket(`${state.folder}/${CONTROL_FILE}`, (line) => answerControl(line, running)),
      tellFailure: (error, log) => log.warn("control_socket", { error, effect: "no commands" }),
    },
  ];
}
