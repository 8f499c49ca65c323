/** Waiting, never without an end. */

export function pause(time_ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, time_ms));
}

/**
 * What `promise` brings.
 * @param what completes "did not happen within 2 s: …"
 * @throws when it takes longer than `limit_ms`
 */
export async function within<T>(limit_ms: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    const late = new Error(`did not happen within ${limit_ms / 1_000} s: ${what}`);
    timer = setTimeout(() => reject(late), limit_ms);
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
