/** Waiting, never without an end. */

/** How many times longer than usual branchline may take: for its processor under an emulator, BRANCHLINE_PATIENCE=10. */
export const PATIENCE = Math.max(1, Number(process.env["BRANCHLINE_PATIENCE"]) || 1);

export function pause(time_ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, time_ms));
}

/**
 * What `promise` brings.
 * @param what completes "did not happen within 2 s: …"
 * @throws when it takes longer than `limit_ms`, times our patience
 */
export async function within<T>(limit_ms: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const patient_ms = PATIENCE * limit_ms;
  const deadline = new Promise<never>((_resolve, reject) => {
    const late = new Error(`did not happen within ${patient_ms / 1_000} s: ${what}`);
    timer = setTimeout(() => reject(late), patient_ms);
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
