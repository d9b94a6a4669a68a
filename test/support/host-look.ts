import type { HostAct, HostLook, Vault } from "../../src/engine/step.ts";
import type { Fact } from "../../src/facts/fact.ts";
import type { HostChange, HostName, Hosts } from "../../src/hosts/port.ts";
import type { Secret } from "../../src/hosts/secret.ts";

/** What a check sees of one host: every fact is asked once per look, by its reads. */
export function lookAt(hosts: Hosts, host: string): HostLook {
  const looks = new Map<HostName, Map<Fact<unknown>, Promise<unknown>>>();
  const factOf = <T>(of: HostName, fact: Fact<T>): Promise<T> => {
    const known = looks.get(of) ?? new Map<Fact<unknown>, Promise<unknown>>();
    looks.set(of, known);
    const before = known.get(fact);
    if (before !== undefined) return before as Promise<T>;
    const asked = hosts
      .session(of)
      .read(fact.reads)
      .then((answers) => fact.parse(answers));
    known.set(fact, asked);
    return asked;
  };
  return {
    factOf,
    fact: (fact) => factOf(host as HostName, fact),
    vault: emptyVault,
    now: () => new Date(0),
    signal: new AbortController().signal,
  };
}

/** What apply gets: facts are always fresh. `said` collects what the step said. */
export function actOn(hosts: Hosts, host: string, said: string[] = []): HostAct {
  const factOf = async <T>(of: HostName, fact: Fact<T>): Promise<T> =>
    fact.parse(await hosts.session(of).read(fact.reads));
  return {
    ...lookAt(hosts, host),
    vault: emptyVault,
    factOf,
    fact: (fact) => factOf(host as HostName, fact),
    changeOn: (of: HostName, change: HostChange) => hosts.session(of).change(change),
    change: (change: HostChange) => hosts.session(host as HostName).change(change),
    say: (text) => said.push(text),
  };
}

const secrets = new Map<string, Secret>();
const emptyVault: Vault = {
  read: (name) => Promise.resolve(secrets.get(name)),
  list: () => Promise.resolve([]),
  write: (name) => Promise.reject(new Error(`the test writes ${name} into a vault that does not keep anything`)),
  remove: () => Promise.resolve(),
};
