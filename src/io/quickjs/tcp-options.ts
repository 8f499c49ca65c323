/** What a TCP connection is told to do by itself. */
import * as native from "native";

/** As Node has it since 12.17: a peer that has vanished is noticed ten seconds after the first probe. */
const KEEP_ALIVE_INTERVAL_S = 1;
const KEEP_ALIVE_PROBES = 10;

export function setNoDelay(fd: number, isWanted: boolean): void {
  native.setOption(fd, "nodelay", isWanted ? 1 : 0);
}

/** @param idle_s before the first probe; 0: none is sent */
export function setKeepAlive(fd: number, idle_s: number): void {
  native.setOption(fd, "keepalive", idle_s > 0 ? 1 : 0);
  if (idle_s === 0) return;
  native.setOption(fd, "keepidle", idle_s);
  native.setOption(fd, "keepintvl", KEEP_ALIVE_INTERVAL_S);
  native.setOption(fd, "keepcnt", KEEP_ALIVE_PROBES);
}
