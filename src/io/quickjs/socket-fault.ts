/** Errors of sockets as Node makes them: a sentence, and a code that callers tell them apart by. */
import * as native from "native";
import { sentenceOf } from "./errors.ts";

export interface SocketFault extends Error {
  code: string;
  errno: number;
  syscall: string;
  address?: string;
  port?: number;
}

/**
 * @param errno below 0, as native returns it
 * @param address of the other end, or our own; with its port, unless that is a path
 */
export function socketFault(errno: number, syscall: string, address?: string, port?: number): SocketFault {
  const code = native.errorName(-errno) || `E${-errno}`;
  const where = address === undefined ? "" : ` ${address}${port === undefined ? "" : `:${port}`}`;
  const fault = Object.assign(new Error(`${syscall} ${code}${where}`), { code, errno, syscall });
  return Object.assign(fault, address === undefined ? {} : { address }, port === undefined ? {} : { port });
}

/** The same for a server, with the system's sentence: an operator reads it. */
export function listenFault(errno: number, address: string, port?: number): SocketFault {
  const fault = socketFault(errno, "listen", address, port);
  const sentence = `listen ${fault.code}: ${sentenceOf(-errno)} `;
  return Object.assign(fault, { message: fault.message.replace(`listen ${fault.code} `, () => sentence) });
}
