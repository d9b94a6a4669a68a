import type { Read } from "../hosts/port.ts";
import type { Fact } from "./fact.ts";
import { hostTime } from "./host-time.ts";
import { pathStat } from "./path-stat.ts";

const lists = "/var/lib/apt/lists";
const reads: readonly Read[] = [
  { kind: "stat", path: lists },
  { kind: "stat", path: `${lists}/partial` },
  ...hostTime.reads,
];

/** Seconds since apt last wrote its package lists; undefined when it never did. */
export const aptListsAgeSeconds: Fact<number | undefined> = {
  name: "apt-lists",
  reads,
  parse([whole, partial, ...time]) {
    const { now } = hostTime.parse(time);
    const moments = [pathStat(lists, whole), pathStat(`${lists}/partial`, partial)].flatMap((stat) =>
      stat.exists ? [stat.modifiedAt] : [],
    );
    return moments.length === 0 ? undefined : now - Math.max(...moments);
  },
};
