/**
 * What a phone shows its user of survival, by maker: most screens show nothing of a 181, some its reason phrase, many the name of the called
 * party. The file's rows come first, ours behind them.
 */
import { USER_AGENT } from "../../message/header-names.ts";
import type { Request } from "../../message/message.ts";
import { toWire } from "../../message/text.ts";
import type { Announcement } from "../../proxy/announce.ts";
import type { PhoneText } from "../site.ts";

export const DIALLED = "{number}";

/** Yealink shows nothing of a 181, but the name of the called party. Cisco's SPA shows the reason phrase, which all get. */
export const PHONE_TEXTS: readonly PhoneText[] = [{ agent: "Yealink", called: `${DIALLED} (local line)` }];

/** The row for the phone that has sent this; undefined: there is none. */
export function phoneTextFor(request: Request, rows: readonly PhoneText[]): PhoneText | undefined {
  if (rows.length === 0) return undefined;
  const index = request.indexOf(USER_AGENT);
  if (index < 0) return undefined;
  const agent = request.value(index).toLowerCase();
  return rows.find((row) => agent.includes(toWire(row.agent).toLowerCase()));
}

/**
 * What a gateway's answers to this phone say besides.
 * @param number as it was dialled
 * @param uri of the called party
 */
export function announcementFor({ called, alert_info }: PhoneText, number: string, uri: string): Announcement {
  const name = called?.split(DIALLED).join(number);
  return {
    ...(name === undefined ? {} : { calledParty: `"${toWire(name).replace(/["\\]/g, "\\$&")}" <${uri}>` }),
    ...(alert_info === undefined ? {} : { alertInfo: toWire(alert_info) }),
  };
}
