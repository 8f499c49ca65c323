/** Things that happen, kept in their order, for those who wait for one of them. */
export class History<T extends object | string> {
  private readonly items: T[] = [];
  private waiting: { readonly matches: (item: T) => boolean; readonly resolve: (item: T) => void }[] = [];

  get all(): readonly T[] {
    return this.items;
  }

  add(item: T): void {
    this.items.push(item);
    const called = this.waiting.filter(({ matches }) => matches(item));
    this.waiting = this.waiting.filter((one) => !called.includes(one));
    for (const { resolve } of called) resolve(item);
  }

  /** The first that matches, past or to come. */
  first(matches: (item: T) => boolean = () => true): Promise<T> {
    const found = this.items.find(matches);
    return found === undefined ? this.next(matches) : Promise.resolve(found);
  }

  /** The next that matches. */
  next(matches: (item: T) => boolean = () => true): Promise<T> {
    return new Promise((resolve) => this.waiting.push({ matches, resolve }));
  }
}
