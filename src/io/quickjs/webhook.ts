/**
 * Webhooks want TLS, which this host hasn't yet: a file with one is refused when it is read (`HAS_TLS` in `io/node/engine.ts`). Nothing here
 * is called by a proxy that runs.
 */
export const post = async () => ({ error: "this build of branchline has no TLS" });
