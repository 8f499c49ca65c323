/** Node's `events`, by the package of that name. */
import { EventEmitter } from "events/events.js";

export { EventEmitter };
export default EventEmitter;
