/*
 * What systemd says of a unit, as its ActiveState ("active") or with the SubState behind it ("active (running)").
 */

/** Running, or running and about to have taken its files again. A unit of type notify is that once it says it is ready. */
export function isUp(state: string): boolean {
  return /^(active|reloading)\b/.test(state);
}

/** Running, or on its way there. */
export function isStarting(state: string): boolean {
  return isUp(state) || /^activating\b/.test(state);
}

/** It ends as soon as it is started, and systemd tries again. */
export function endsAtOnce(state: string): boolean {
  return state === "activating (auto-restart)";
}
