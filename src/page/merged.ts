/** Questions that come while one is being asked. */

/**
 * Asks again once what is being asked has been answered, and `least_ms` are over: wishes meanwhile are one. So a page costs the router
 * no more the busier it is.
 */
export function merged(question: () => Promise<unknown>, least_ms: () => number): () => void {
  let isAsking = false;
  let isWanted = false;
  const start = async () => {
    isWanted = true;
    if (isAsking) return;
    isAsking = true;
    while (isWanted) {
      isWanted = false;
      await question();
      await new Promise((resolve) => setTimeout(resolve, least_ms()));
    }
    isAsking = false;
  };
  return () => void start();
}
