/** Out of ten hosts, one at a time. */
const oneOutOf = 10;

/**
 * Which hosts are changed one after the other, so that never more than a tenth of all is out of service at once, though
 * always one: each host's lane, counted from 0, in the order of the hosts. One host of each lane may be changed at a time.
 */
export function rolloutLanes(hosts: number): readonly number[] {
  if (!Number.isSafeInteger(hosts) || hosts < 0) {
    throw new RangeError(`hosts is ${hosts}; it is a whole number of at least 0`);
  }
  const lanes = Math.max(1, Math.floor(hosts / oneOutOf));
  return Array.from({ length: hosts }, (_, index) => index % lanes);
}
