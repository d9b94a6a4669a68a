import { type Clock, systemClock } from "../engine/clock.ts";
import type { Vault } from "../engine/step.ts";
import type { World } from "../engine/world.ts";
import type { SshHosts } from "../hosts/ssh-hosts.ts";
import { identityFile } from "../state/identity.ts";
import { SecretMask } from "../state/secret-mask.ts";
import { FileVault } from "../state/vault.ts";
import { vaultEncryption } from "../state/vault-encryption.ts";
import type { OpenedCluster } from "./open-cluster.ts";
import { openHosts } from "./open-hosts.ts";
import { hideWith } from "./shown.ts";

/**
 * The real world: SSH hosts, the encrypted vault, the clock of this computer, and a mask of every secret that the vault or
 * the keyboard gave. Closes its connections when disposed.
 */
export interface OpenedWorld extends World, AsyncDisposable {
  readonly hosts: SshHosts;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly mask: (text: string) => string;
}

/** Opens the world of a cluster; nothing is connected or created before it is needed. */
export function openWorld(cluster: OpenedCluster): OpenedWorld {
  const { env } = process;
  const secrets = new SecretMask();
  hideWith(secrets.mask);
  const hosts = openHosts(cluster, (password) => secrets.learn(password));
  return {
    hosts,
    vault: secrets.watch(
      new FileVault({ folder: cluster.state.vault, identityFile: identityFile(env), encryption: vaultEncryption(env) }),
    ),
    mask: secrets.mask,
    clock: systemClock,
    [Symbol.asyncDispose]: () => hosts.close(),
  };
}
