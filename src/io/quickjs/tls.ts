/**
 * Node's `tls`, which this host hasn't yet. A configuration that wants it is refused when it is read (`HAS_TLS` in
 * `io/node/engine.ts`): nothing here is called by a proxy that runs.
 */

function refuse(): never {
  throw new Error("this build of branchline has no TLS");
}

export const createSecureContext = refuse;
export const createServer = refuse;
export const connect = refuse;

export class TLSSocket {
  constructor() {
    refuse();
  }
}
