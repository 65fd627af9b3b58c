/** Units are converted once, here: everything past this room counts in Unix seconds. */

/** ISO 8601 → Unix seconds, undefined when it is no date. */
export const seconds = (iso: string): number | undefined => {
  const ms = Date.parse(iso)
  return Number.isNaN(ms) ? undefined : ms / 1000
}

/** Unix milliseconds, where given, → Unix seconds. */
export const fromMs = (ms: number | null | undefined): number | undefined => (ms == null ? undefined : ms / 1000)
