/** Whether somebody speaks SIP at an address of this machine. */
import { createSocket } from "node:dgram";
import { PATIENCE_MS } from "../../support/machine.ts";

const PERIOD_MS = 100;

/** The first line of the first answer to OPTIONS, sent again and again; fails after `limit_ms`. */
export async function answerToOptions(to: string, from: string, limit_ms = PATIENCE_MS): Promise<string> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, from, resolve));
  const { port } = socket.address();
  let count = 0;
  const ask = () => {
    count += 1;
    const lines = [
      `OPTIONS sip:${to} SIP/2.0`,
      `Via: SIP/2.0/UDP ${from}:${port};branch=z9hG4bK-options-${port}-${count};rport`,
      "Max-Forwards: 0",
      `From: <sip:201@${from}>;tag=${count}`,
      `To: <sip:${to}>`,
      `Call-ID: options-${port}-${count}@${from}`,
      "CSeq: 1 OPTIONS",
      "Content-Length: 0",
    ];
    socket.send(`${lines.join("\r\n")}\r\n\r\n`, 5060, to);
  };
  const timer = setInterval(ask, PERIOD_MS);
  ask();
  let limit: NodeJS.Timeout | undefined;
  try {
    return await new Promise<string>((resolve, reject) => {
      socket.on("message", (bytes) => resolve(bytes.toString("latin1").split("\r\n")[0] ?? ""));
      limit = setTimeout(() => reject(new Error(`nobody answers at ${to}`)), limit_ms);
    });
  } finally {
    clearTimeout(limit);
    clearInterval(timer);
    socket.close();
  }
}
