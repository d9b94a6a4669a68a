import { Turnstile } from "./turnstile.ts";

/** Logins under way at the same time: they cost both ends tenths of a CPU second, and the host at the far end waits. */
const logins = 32;
/** Logins under way through one jump host: sshd drops connections at random from the eleventh on (MaxStartups 10:30:100). */
const loginsPerJump = 8;

/** How many connections may be in the middle of their handshake, in all and through each jump host. */
export class HandshakeLimit {
  readonly #all = new Turnstile(logins);
  readonly #jumps = new Map<string, Turnstile>();

  /** `jump` names the way to the host; absent: it is reached directly. */
  async enter(jump: string | undefined): Promise<() => void> {
    const turnstile = jump === undefined ? undefined : (this.#jumps.get(jump) ?? new Turnstile(loginsPerJump));
    if (jump !== undefined && turnstile !== undefined) this.#jumps.set(jump, turnstile);
    // The narrow gate first: those who wait for a jump host do not keep others out.
    const leaveJump = await turnstile?.enter();
    const leave = await this.#all.enter();
    return () => {
      leave();
      leaveJump?.();
    };
  }
}
