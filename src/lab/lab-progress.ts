/** One line about what a lab is doing, for a person who waits. */
export interface LabProgress {
  readonly stage: "requirements" | "tools" | "image" | "network" | "machines" | "removal";
  /** Present tense, no full stop: "installing mmdebstrap". */
  readonly text: string;
  readonly machine?: string;
}

/** Told about progress; must not throw. */
export type OnProgress = (progress: LabProgress) => void;
