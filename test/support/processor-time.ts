/**
 * What work costs this process, however busy the machine is. A test asserts no more of it than that the cost is of the right order: a
 * limit is ten times what the work costs, and only what grows faster than its input exceeds it.
 */
export function processorTime_ms(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
