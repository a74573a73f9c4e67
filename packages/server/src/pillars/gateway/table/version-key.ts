import type { VersionSettings } from "../settings.ts";

/** A version of an API, by the names of both. */
export interface VersionName {
  readonly api: string;
  readonly id: string;
}

/** The row's id: a version is known by the names of both. */
export function versionKey({ api, id }: VersionName): string {
  return `${api}:${id}`;
}

/** A version to be added. */
export type NewVersion = Omit<VersionSettings, "changes" | "openapi"> & {
  /** The document itself. */
  readonly openapi?: Readonly<Record<string, unknown>>;
  /** May be left out where there is one API. */
  readonly api?: string;
  /** Make it what a call gets that asks for no version. */
  readonly current?: boolean;
};
