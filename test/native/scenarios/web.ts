/** What chai wants of a browser, and never uses here. */
class Event {
  readonly type: string;

  constructor(type: string) {
    this.type = type;
  }
}

class EventTarget {
  addEventListener(): void {}
  removeEventListener(): void {}
  dispatchEvent(): boolean {
    return true;
  }
}

Object.assign(globalThis, { Event, EventTarget });

export {};
