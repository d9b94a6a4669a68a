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
    const turnstile = this.#of(jump);
    // The narrow gate first: those who wait for a jump host do not keep others out.
    const leaveJump = await turnstile?.enter();
    const leave = await this.#all.enter();
    return () => {
      leave();
      leaveJump?.();
    };
  }

  /** The same at once, or undefined when that would be one too many. */
  tryEnter(jump: string | undefined): (() => void) | undefined {
    const turnstile = this.#of(jump);
    const leaveJump = turnstile?.tryEnter();
    if (turnstile !== undefined && leaveJump === undefined) return undefined;
    const leave = this.#all.tryEnter();
    if (leave === undefined) {
      leaveJump?.();
      return undefined;
    }
    return () => {
      leave();
      leaveJump?.();
    };
  }

  /** Whether the jump host, and not the number in all, has no place for one more. False without a jump host. */
  isFull(jump: string | undefined): boolean {
    return this.#of(jump)?.isFull === true;
  }

  #of(jump: string | undefined): Turnstile | undefined {
    if (jump === undefined) return undefined;
    const turnstile = this.#jumps.get(jump) ?? new Turnstile(loginsPerJump);
    this.#jumps.set(jump, turnstile);
    return turnstile;
  }
}
