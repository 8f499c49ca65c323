/** What a router needs to be a member of a pair: loaded only where the file has `cluster:`. */
import { ClusterNode, transportOfMember } from "../app/cluster-node.ts";
import type { MakeClusterPart } from "../app/cluster-part.ts";
import type { Config } from "../app/config/config.ts";
import type { NodePorts } from "../app/node-ports.ts";
import { reasonOf } from "../base/reason.ts";
import { ClusterLink, clusterMac, clusterSign } from "../io/node/cluster-link.ts";
import { readSecret } from "../io/node/cluster-secret.ts";
import { HealthFile } from "../io/node/health-file.ts";
import { readInterfaces } from "../io/node/interfaces.ts";
import type { HostMember } from "../io/node/node-host.ts";
import { runTool, whyNoRoute } from "../io/node/run-program.ts";

/** A routing daemon answers within milliseconds. */
const ROUTE_ms = 5_000;

export interface Pair {
  readonly member: HostMember;
  readonly make: MakeClusterPart;
}

/** @throws when a secret can't be read */
export function pairOf(config: Config): Pair | undefined {
  const { cluster } = config;
  if (cluster === undefined) return undefined;
  const { name, members, health_file } = cluster;
  const secret = readSecret(cluster.secret);
  const second = cluster.second_secret && readSecret(cluster.second_secret);
  const own = members.find((member) => member.name === name);
  if (own === undefined) return undefined;
  const others = new Map(members.flatMap((member) => (member === own ? [] : [[member.name, member] as const])));
  const health = new HealthFile(health_file);
  const ports: Omit<NodePorts, "transport"> = {
    link: (onDatagram, onLinkError) => {
      return new ClusterLink({ own, others }, { onDatagram, onLinkError: (error) => onLinkError(error.message) });
    },
    readInterfaces,
    signs: [clusterSign(secret), ...(second === undefined ? [] : [clusterSign(second)])],
    wasAlone: () => health.isAlone,
    runRoute: async (command) => whyNoRoute(await runTool(command, ROUTE_ms)),
    tellHealth: (word) => {
      try {
        health.write(word);
        return undefined;
      } catch (error) {
        return reasonOf(error);
      }
    },
  };
  let transport: ReturnType<typeof transportOfMember> | undefined;
  return {
    member: {
      name,
      mac: clusterMac(secret),
      secondMac: second === undefined ? undefined : clusterMac(second),
      transport: (inner) => (transport = transportOfMember(inner)),
    },
    make: (engine) =>
      new ClusterNode(engine, config, cluster, {
        ...ports,
        transport: transport ?? transportOfMember(engine.host.transport),
      }),
  };
}
