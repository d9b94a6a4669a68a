/**
 * How many voting members must agree for etcd to write: floor(n/2) + 1, of the *voting* members, whether they answer or
 * not. https://etcd.io/docs/v3.6/faq/#what-is-failure-tolerance (2026-11-21)
 */
export function quorum(votingMembers: number): number {
  requireCount("votingMembers", votingMembers, 1);
  return Math.floor(votingMembers / 2) + 1;
}

/** How many voting members may fail while etcd still writes: n - quorum(n). */
export function failureTolerance(votingMembers: number): number {
  return votingMembers - quorum(votingMembers);
}

/** What is known of an etcd cluster right before one of its members is touched. */
export interface MemberCount {
  /** All voting members, learners not counted. */
  readonly voting: number;
  /** Those of the voting members that answer as healthy now. */
  readonly answering: number;
}

/** Whether a thing may be done, and the arithmetic either way, as a statement for a `because`. */
export interface Permission {
  readonly allowed: boolean;
  readonly because: string;
}

/**
 * Whether one more voting member may stop answering (a restart, a reboot, maintenance): those that still answer
 * afterwards must be a quorum. A member that already does not answer takes nothing away, so it may always be stopped
 * as long as the others are a quorum. A single member may be stopped only by the caller's own decision: nothing is left
 * then, and this says no.
 */
export function mayStopMember(members: MemberCount, isAnswering: boolean): Permission {
  requireCount("answering", members.answering, isAnswering ? 1 : 0);
  if (members.answering > members.voting) {
    throw new RangeError(`${members.answering} answering members of ${members.voting} voting ones`);
  }
  const needed = quorum(members.voting);
  const left = members.answering - (isAnswering ? 1 : 0);
  const count = `${members.answering} of ${members.voting} voting members answer`;
  return left >= needed
    ? { allowed: true, because: `${count}; ${left} are left, quorum is ${needed}` }
    : { allowed: false, because: `${count}; ${left} would be left, quorum is ${needed}` };
}

/**
 * Whether a member may be added, or a learner be given its vote: only while every voting member answers. One vote more
 * raises the quorum before the new member has proved itself, so a cluster that is short of a member already could come
 * to stand still. https://etcd.io/docs/v3.6/faq/#should-i-add-a-member-before-removing-an-unhealthy-member (2026-11-21)
 */
export function mayAddMember(members: MemberCount): Permission {
  requireCount("answering", members.answering, 0);
  const now = quorum(members.voting);
  const after = quorum(members.voting + 1);
  if (members.answering > members.voting) {
    throw new RangeError(`${members.answering} answering members of ${members.voting} voting ones`);
  }
  const count = `${members.answering} of ${members.voting} voting members answer`;
  return members.answering === members.voting
    ? { allowed: true, because: `${count}; quorum is ${now}, and ${after} with one more` }
    : { allowed: false, because: `${count}; quorum is ${now}, and all have to answer before there is one more` };
}

function requireCount(name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new RangeError(`${name} is ${value}; it is a whole number of at least ${least}`);
  }
}
