/**
 * What a bench is: a question, answered by figures that stand beside a baseline measured in the same run.
 *
 * A figure may carry a promise; run.ts prints all of them and fails where one is broken.
 */

export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** What the same run measured for comparison. */
  readonly baseline?: { readonly name: string; readonly value: number }
  readonly promise?: Promised
}

/** A limit on the value, or on its ratio to the baseline. */
export interface Promised {
  readonly of: "value" | "ratio"
  readonly at: "least" | "most"
  readonly limit: number
}

export interface Options {
  /** Size of the big transcript. */
  readonly bytes: number
  /** The product, as a command. */
  readonly tracer: ReadonlyArray<string>
}

export interface Bench {
  readonly name: string
  readonly question: string
  /** Throws a `Missing` where something that it needs is not there. */
  readonly run: (options: Options) => Promise<ReadonlyArray<Figure>>
}

/** A bench cannot run here: what is missing, and what to do. */
export class Missing extends Error {}

export const ratioOf = ({ value, baseline }: Figure): number | undefined =>
  baseline === undefined || baseline.value === 0 ? undefined : value / baseline.value

/** Whether the promise holds; true where there is none. */
export const kept = (figure: Figure): boolean => {
  const { promise } = figure
  if (promise === undefined) return true
  const measured = promise.of === "value" ? figure.value : ratioOf(figure)
  if (measured === undefined) return false
  return promise.at === "least" ? measured >= promise.limit : measured <= promise.limit
}

const readable = (value: number) =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)

const promiseText = (figure: Figure) => {
  const { promise } = figure
  if (promise === undefined) return ""
  const limit = `${promise.at === "least" ? "≥" : "≤"} ${readable(promise.limit)}${promise.of === "ratio" ? " ×" : ` ${figure.unit}`}`
  return `promised ${limit}: ${kept(figure) ? "kept" : "BROKEN"}`
}

/** One line for a figure. */
export const describe = (figure: Figure): string => {
  const ratio = ratioOf(figure)
  const beside =
    figure.baseline === undefined
      ? ""
      : `${figure.baseline.name} ${readable(figure.baseline.value)} ${figure.unit}${ratio === undefined ? "" : `, ratio ${readable(ratio)}`}`
  return [
    figure.name.padEnd(34),
    `${readable(figure.value)} ${figure.unit}`.padStart(14),
    beside.padEnd(40),
    promiseText(figure)
  ]
    .join("  ")
    .trimEnd()
}
