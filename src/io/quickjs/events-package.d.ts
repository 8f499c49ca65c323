/** The package `events` brings no types: what is used of it, for `events.ts`. */
declare module "events/events.js" {
  type Listener = (...told: never[]) => void;
  export class EventEmitter {
    on(event: string, listener: Listener): this;
    once(event: string, listener: Listener): this;
    removeListener(event: string, listener: Listener): this;
    removeAllListeners(event?: string): this;
    listenerCount(event: string): number;
    /** @throws an event "error" that nobody listens to */
    emit(event: string, ...told: unknown[]): boolean;
  }
}
