/** Virtual time for hundreds of engines and tens of thousands of phones: a heap of moments. */

interface Moment {
  readonly at_ms: number;
  readonly order: number;
  readonly run: () => void;
}

const isBefore = (one: Moment, other: Moment): boolean =>
  one.at_ms < other.at_ms || (one.at_ms === other.at_ms && one.order < other.order);

export class FleetClock {
  now_ms = 0;
  private readonly heap: Moment[] = [];
  private planned = 0;

  /** Plans something `delay_ms` from now. */
  after(delay_ms: number, run: () => void): void {
    this.planned += 1;
    const moment = { at_ms: this.now_ms + delay_ms, order: this.planned, run };
    const { heap } = this;
    let index = heap.push(moment) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || isBefore(above, moment)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = moment;
  }

  /** Lives until `isOver` says so, or until `end_ms`. */
  run(end_ms: number, isOver: () => boolean = () => false): void {
    while (!isOver()) {
      const [first] = this.heap;
      if (first === undefined || first.at_ms > end_ms) {
        this.now_ms = end_ms;
        return;
      }
      this.dropFirst();
      this.now_ms = Math.max(this.now_ms, first.at_ms);
      first.run();
    }
  }

  private dropFirst(): void {
    const { heap } = this;
    const moment = heap.pop();
    if (moment === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      const left = heap[2 * index + 1];
      const right = heap[2 * index + 2];
      const isRight = left !== undefined && right !== undefined && isBefore(right, left);
      const least = isRight ? right : left;
      if (least === undefined || isBefore(moment, least)) break;
      heap[index] = least;
      index = 2 * index + (isRight ? 2 : 1);
    }
    heap[index] = moment;
  }
}
