/** How far a piece of work is, for whoever waits for it. */
export interface Progress {
  /** What is being done, in a word or three: `copying`, `reading the document`. */
  readonly doing: string;
  readonly done: number;
  /** What `done` will be at the end; left out while nobody knows. */
  readonly total?: number;
  /** What is counted: `bytes` are shown in their own units; `steps` when left out. */
  readonly unit?: string;
}

/** Told of progress, as often as the work likes: whoever shows it chooses how often. Never throws. */
export type Report = (progress: Progress) => void;
