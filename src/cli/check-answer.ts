import { isOfKind, type ValueKind } from "../spec/schema/value-kind.ts";
import { valueKinds } from "../spec/schema/value-kinds.ts";

/** The questions of `slipway init` that take one text. */
export type Question = "name" | "vip" | "endpoint" | "user";

/**
 * Why a text is no answer to a question of `slipway init`, in one line; undefined when it is one. `hosts` are the hosts
 * named already, "name=address". What the cluster file
 * would be refused for is said while the question can still be answered.
 */
export function checkAnswer(question: Question, text: string, hosts: readonly string[] = []): string | undefined {
  if (text.trim() === "") return "This is needed";
  switch (question) {
    case "name":
      return ofKind(valueKinds.clusterName, text);
    case "vip": {
      const [address = ""] = text.split("/");
      if (!isOfKind(valueKinds.cidr, text)) return "Write an address and its prefix length, like 10.0.0.10/24";
      const taken = hosts.find((host) => host.endsWith(`=${address}`));
      return taken === undefined ? undefined : `${address} is that of ${taken}: a virtual IP is free`;
    }
    case "endpoint":
      return isOfKind(valueKinds.address, text) ? undefined : ofKind(valueKinds.domainName, text);
    case "user":
      return ofKind(valueKinds.userName, text);
  }
}

/**
 * The same of a list of hosts, each "name=address"; `before` are the hosts named already. A host may be named again with
 * the same address: it has both roles then.
 */
export function checkHosts(words: readonly string[], before: readonly string[]): string | undefined {
  const known = [...before];
  for (const word of words) {
    const [name = "", address = "", ...rest] = word.split("=");
    if (name === "" || address === "" || rest.length > 0) return "Write name=address, separated by commas";
    const wrong = ofKind(valueKinds.hostName, name) ?? ofKind(valueKinds.address, address);
    if (wrong !== undefined) return wrong;
    const other = known.find((one) => one !== word && (one.startsWith(`${name}=`) || one.endsWith(`=${address}`)));
    if (other !== undefined) return `${word} and ${other} cannot both be: names and addresses are unique`;
    known.push(word);
  }
  return undefined;
}

function ofKind(kind: ValueKind, text: string): string | undefined {
  return isOfKind(kind, text) ? undefined : `${text} is not ${kind.what}: ${kind.rule}`;
}
