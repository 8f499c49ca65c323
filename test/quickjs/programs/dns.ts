/**
 * Asks DNS as the proxy does. Arguments: the servers, in JSON; then questions such as "SRV _sip._udp.example.com". Prints each
 * answer as a line of JSON, in their order.
 */
import * as fs from "node:fs";
import { NodeDns } from "../../../src/io/node/dns.ts";
import type { Answer, Question } from "../../../src/transport/locator.ts";

const [servers = "[]", ...texts] = process.argv.slice(2);
const files = { hosts: "/nowhere/hosts", resolvConf: "/nowhere/resolv.conf" };
const waiting = new Map<string, (answer: Answer | undefined) => void>();
const told = ({ type, name }: Question, answer: Answer | undefined) => waiting.get(`${type} ${name}`)?.(answer);
const dns = new NodeDns(told, JSON.parse(servers) as string[], files);
const answers = texts.map((text) => {
  const [type, name = ""] = text.split(" ");
  return new Promise<Answer | undefined>((resolve) => {
    waiting.set(text, resolve);
    dns.query({ type: type as Question["type"], name });
  });
});

async function main() {
  for (const answer of await Promise.all(answers)) fs.writeSync(1, `${JSON.stringify(answer ?? null)}\n`);
  dns.close();
}

main();
