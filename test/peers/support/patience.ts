/** How long tests wait for what must come: longer where the program under test runs on an emulated processor. */
let times = 1;

/** From now on all limits of this test file are `factor` times what they say. */
export function bePatient(factor: number): void {
  times = factor;
}

export function patient(limit_ms: number): number {
  return times * limit_ms;
}
