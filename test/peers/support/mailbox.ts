/** Things that have happened, in order, each to be awaited once. */

interface Waiter<T> {
  readonly isWanted: (item: T) => boolean;
  readonly resolve: (item: T) => void;
}

export class Mailbox<T> {
  private readonly items: T[] = [];
  private readonly waiters = new Set<Waiter<T>>();

  /** Gives it to whoever has waited longest for such an item, or keeps it. */
  put(item: T): void {
    for (const waiter of this.waiters) {
      if (waiter.isWanted(item)) {
        waiter.resolve(item);
        return;
      }
    }
    this.items.push(item);
  }

  /**
   * Takes out the first such item, or waits for it.
   * @param failure what to say when it doesn't come, of what is there instead
   */
  next(isWanted: (item: T) => boolean, limit_ms: number, failure: (items: readonly T[]) => string): Promise<T> {
    const index = this.items.findIndex(isWanted);
    const [known] = index < 0 ? [] : this.items.splice(index, 1);
    if (known !== undefined) return Promise.resolve(known);
    return new Promise((resolve, reject) => {
      const waiter: Waiter<T> = {
        isWanted,
        resolve: (item) => {
          clearTimeout(timer);
          this.waiters.delete(waiter);
          resolve(item);
        },
      };
      const timer = setTimeout(() => {
        this.waiters.delete(waiter);
        reject(new Error(failure(this.items)));
      }, limit_ms);
      this.waiters.add(waiter);
    });
  }
}
