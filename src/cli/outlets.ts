/** What branchline tells the outside by itself: loaded only where the file has `events`, `hooks`, `records` or `hep`. */
import type { Config } from "../app/config/config.ts";
import type { LinesFile } from "../app/config/load-events.ts";
import type { HepSettings } from "../app/config/load-hep.ts";
import { type HookSettings, hookName } from "../app/config/load-hooks.ts";
import type { RecordsSettings } from "../app/config/load-records.ts";
import type { Controlled } from "../app/control.ts";
import { CallRecords, type CallRow, CSV_HEAD, csvLine, jsonLine } from "../app/observe/call-records.ts";
import { afterStatus, DeliveryQueue, WAITING_MAX } from "../app/observe/delivery-queue.ts";
import { eventEnvironment, type SiteEvent, SiteEvents } from "../app/observe/events.ts";
import { hepMessage, hepPacket } from "../app/observe/hep.ts";
import type { Journal } from "../app/observe/journal.ts";
import { syslogFrame, syslogMessage } from "../app/observe/syslog.ts";
import type { SideDoor, SideDoors } from "../app/side-door.ts";
import type { Logger } from "../base/ports.ts";
import { reasonOf } from "../base/reason.ts";
import { SystemClock } from "../io/node/clock.ts";
import { type Carried, Deliveries } from "../io/node/deliveries.ts";
import { carryByTcp, Datagrams } from "../io/node/outward.ts";
import { readText } from "../io/node/read-text.ts";
import { RotatedFile } from "../io/node/rotated-file.ts";
import { runProgram, whyNotDone } from "../io/node/run-program.ts";
import { createRandom } from "../io/node/secret.ts";
import { post } from "../io/node/webhook.ts";

/** Of events or records on disk, the one that is written to among them. */
const FILES = 5;
const DAY_ms = 86_400_000;
const SYSLOG_LIMIT_ms = 10_000;
/** How often calls are looked at that may be over; earlier once so many have begun, since the list has room for 200. */
const LOOK_ms = 2_000;
const LOOK_CALLS = 100;

/** Read alone: it wakes nobody. */
const clock = new SystemClock(() => {});

/** They follow the journal from now on, before the engine is made: where the journal keeps nothing, nobody else makes it hear. */
export function outlets({ events, hooks, records, hep }: Config, log: Logger): SideDoors {
  return (running, journal) => {
    const doors: SideDoor[] = [];
    const add = (door: string, effect: string, server: SideDoor["server"]) => doors.push({ server, door, effect });
    const heard = [...eventFile(events, log), ...syslog(events, log), ...hooks.map((hook) => hooked(hook, log))];
    if (heard.length > 0) add("what tells events", "no events, no hooks", new EventOutlet(heard, running, journal));
    if (records !== undefined) add("call records", "no records", new RecordOutlet(records, running, journal, log));
    if (hep !== undefined) add("copies by HEP", "no copies", new HepOutlet(hep, journal));
    return doors;
  };
}

function hostName(): string {
  return readText("/proc/sys/kernel/hostname")?.trim() ?? "";
}

/** What hears of events. */
interface EventReader {
  tell(event: SiteEvent, json: string): void;
  close(): void;
}

class EventOutlet {
  private readonly readers: readonly EventReader[];
  private readonly leave: () => void;

  constructor(readers: readonly EventReader[], running: Controlled, journal: Journal) {
    const facts = {
      router: hostName(),
      run: createRandom().token(8),
      now: () => clock.isoTime(clock.wallClock_ms()),
      callsGoTo: () => running.status().calls_go_to?.role,
      callerOf: (callId: string) => running.calls({ match: callId }).calls[0]?.from,
    };
    const made = new SiteEvents(facts, (event) => {
      const json = JSON.stringify(event);
      for (const reader of readers) reader.tell(event, json);
    });
    this.readers = readers;
    this.leave = journal.follow((entry) => made.hear(entry), false);
  }

  async open(): Promise<void> {}

  async close(): Promise<void> {
    this.leave();
    for (const reader of this.readers) reader.close();
  }
}

function eventFile(events: Config["events"], log: Logger): EventReader[] {
  if (events?.file === undefined) return [];
  const lines = new Lines(events.file, "", log);
  return [{ tell: (_, json) => lines.add(`${json}\n`), close: () => {} }];
}

function syslog(events: Config["events"], log: Logger): EventReader[] {
  if (events?.syslog === undefined) return [];
  const { by, ...to } = events.syslog;
  if (by === "udp") {
    const socket = new Datagrams(to);
    return [{ tell: (event, json) => socket.send(syslogMessage(event, json)), close: () => socket.close() }];
  }
  const queue = new DeliveryQueue({ most: WAITING_MAX, keep_ms: DAY_ms });
  const carry = (message: string) => carryByTcp(to, syslogFrame(message), SYSLOG_LIMIT_ms);
  const deliveries = new Deliveries(`syslog tcp:${to.address}:${to.port}`, queue, carry, log);
  return [{ tell: (event, json) => deliveries.add(syslogMessage(event, json)), close: () => deliveries.close() }];
}

function hooked(hook: HookSettings, log: Logger): EventReader {
  const queue = new DeliveryQueue({ most: WAITING_MAX, keep_ms: hook.keep_ms });
  const deliveries = new Deliveries(hookName(hook), queue, (json) => carry(hook, json), log);
  return {
    tell: ({ event }, json) => {
      if (hook.on.includes(event)) deliveries.add(json);
    },
    close: () => deliveries.close(),
  };
}

async function carry(hook: HookSettings, json: string): Promise<Carried> {
  if ("run" in hook) {
    const why = whyNotDone(await runProgram(hook.run, eventEnvironment(json), hook.limit_ms));
    return { how: why === undefined ? "taken" : "failed", why: why ?? "" };
  }
  const posted = await post(hook, json, hook.limit_ms);
  if ("error" in posted) return { how: "failed", why: posted.error };
  return { how: afterStatus(posted.status), why: `answer ${posted.status}` };
}

class RecordOutlet {
  private readonly running: Controlled;
  private readonly lines: Lines;
  private readonly lineOf: (row: CallRow) => string;
  private readonly records = new CallRecords();
  private readonly leave: () => void;
  private since = 0;
  private begun = 0;
  private timer: NodeJS.Timeout | undefined = undefined;

  constructor(settings: RecordsSettings, running: Controlled, journal: Journal, log: Logger) {
    const isCsv = settings.format === "csv";
    this.running = running;
    this.lines = new Lines(settings, isCsv ? CSV_HEAD : "", log);
    this.lineOf = isCsv ? csvLine : jsonLine;
    this.leave = journal.follow((entry) => {
      if (entry.kind !== "decision") return;
      if (entry.method === "BYE") this.records.hangUp(entry.call_id);
      this.begun += entry.method === "INVITE" ? 1 : 0;
      if (this.begun >= LOOK_CALLS) this.look();
    }, false);
  }

  async open(): Promise<void> {
    this.timer = setInterval(() => this.look(), LOOK_ms);
  }

  async close(): Promise<void> {
    this.leave();
    if (this.timer !== undefined) clearInterval(this.timer);
    this.look();
    this.write(this.records.end(clock.now_ms()));
  }

  private look(): void {
    this.begun = 0;
    let more: number | undefined;
    do {
      const { calls, changes, next } = this.running.calls({ since: this.since });
      this.since = changes;
      this.write(this.records.look(calls, clock.now_ms()));
      more = next;
    } while (more !== undefined);
  }

  private write(rows: readonly CallRow[]): void {
    if (rows.length > 0) this.lines.add(rows.map(this.lineOf).join(""));
  }
}

class HepOutlet {
  private readonly socket: Datagrams;
  private readonly leave: () => void;

  constructor({ to, id, masked: isMasked }: HepSettings, journal: Journal) {
    const socket = new Datagrams(to);
    const agent = { id, name: hostName() };
    this.socket = socket;
    this.leave = journal.follow((entry) => {
      // What another member has passed on, that one has sent to the collector.
      if ((entry.kind !== "in" && entry.kind !== "out") || entry.member !== undefined) return;
      const packet = hepPacket(hepMessage(entry, isMasked, clock.wallClock_ms()), agent);
      if (packet !== undefined) socket.send(packet);
    });
  }

  async open(): Promise<void> {}

  async close(): Promise<void> {
    this.leave();
    this.socket.close();
  }
}

/** A file of lines; where the disk doesn't take them, the log says so once. */
class Lines {
  private readonly file: string;
  private readonly rotated: RotatedFile;
  private readonly log: Logger;
  private isFailing = false;

  constructor({ file, disk_octets }: LinesFile, head: string, log: Logger) {
    this.file = file;
    this.rotated = new RotatedFile({ file, size_bytes: disk_octets / FILES, keep: FILES - 1 }, head);
    this.log = log;
  }

  add(lines: string): void {
    try {
      this.rotated.add(lines);
      this.isFailing = false;
    } catch (error) {
      if (!this.isFailing) this.log.warn("lines_not_written", { file: this.file, error: reasonOf(error) });
      this.isFailing = true;
    }
  }
}
