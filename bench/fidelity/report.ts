/**
 * A judgement for people (a table, then each finding) and for programs (one JSON object).
 */
import { type Errors, type Judgement, percentile, type Tally } from "./judgement.ts"

export interface CaseReport {
  readonly name: string
  readonly exitCode: number
  readonly stderr: string
  readonly foreignLines: number
  readonly judgement: Judgement
}

const share = ({ right, of }: Tally) => (of === 0 ? "-" : right === of ? `${of}` : `${right}/${of}`)

const milliseconds = (errors: Errors) =>
  errors.length === 0
    ? "-"
    : [percentile(errors, 0.5), percentile(errors, 0.95), percentile(errors, 1)]
        .map((value) => (value ?? 0).toFixed(value !== undefined && value > 0 && value < 9.5 ? 1 : 0))
        .join("/")

type Column = readonly [title: string, value: (judgement: Judgement) => string]

const counts: ReadonlyArray<Column> = [
  ["calls", (one) => share(one.found.calls)],
  ["inputs", (one) => share(one.inputs)],
  ["instructions", (one) => share(one.instructions)],
  ["usage", (one) => share(one.usage)],
  ["sums", (one) => share(one.sums)],
  ["tools", (one) => share(one.found.tools)],
  ["turns", (one) => share(one.found.turns)],
  ["threads", (one) => share(one.found.threads)],
  ["compactions", (one) => share(one.found.compactions)],
  ["parents", (one) => share(one.parents)],
  ["doubtful", (one) => share(one.doubtfulParents)],
  ["ghosts", (one) => `${one.ghosts}`]
]

const times: ReadonlyArray<Column> = [
  ["llm start", (one) => milliseconds(one.times.llmStart)],
  ["hooked", (one) => milliseconds(one.times.llmStartHooked)],
  ["llm end", (one) => milliseconds(one.times.llmEnd)],
  ["tool start", (one) => milliseconds(one.times.toolStart)],
  ["tool end", (one) => milliseconds(one.times.toolEnd)],
  ["record start", (one) => milliseconds(one.times.recordStart)],
  ["record end", (one) => milliseconds(one.times.recordEnd)],
  ["turn start", (one) => milliseconds(one.times.turnStart)],
  ["turn end", (one) => milliseconds(one.times.turnEnd)]
]

const aligned = (rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = (rows[0] ?? []).map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, index) => (index === 0 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0)))
        .join("  ")
    )
    .join("\n")
}

/** Findings shown of one case; --json has them all. */
const findingsShown = 12

export const table = (reports: ReadonlyArray<CaseReport>, sum: Judgement, brokenPromises: ReadonlyArray<string>) => {
  const tableOf = (title: string, columns: ReadonlyArray<Column>) => {
    const row = (name: string, judgement: Judgement) => [name, ...columns.map(([, value]) => value(judgement))]
    return aligned([
      [title, ...columns.map(([name]) => name)],
      ...reports.map((report) => row(report.name, report.judgement)),
      row("total", sum)
    ])
  }
  const findings = reports.flatMap((report) => {
    const all = [
      ...(report.exitCode === 0 ? [] : [`exit code ${report.exitCode}: ${report.stderr.trim().slice(0, 400)}`]),
      ...(report.foreignLines === 0 ? [] : [`${report.foreignLines} lines of output are no span`]),
      ...report.judgement.findings
    ]
    const hidden = all.length - findingsShown
    return all.length === 0
      ? []
      : [
          `${report.name}:`,
          ...all.slice(0, findingsShown).map((one) => `  ${one}`),
          ...(hidden > 0 ? [`  … ${hidden} more`] : [])
        ]
  })
  return [
    tableOf("right of owed", counts),
    "",
    tableOf("off by ms", times),
    "(median/p95/max; record: calls that only their records tell of, no item and no hook)",
    ...(findings.length === 0 ? [] : ["", ...findings]),
    "",
    brokenPromises.length === 0 ? "every promise kept" : `broken: ${brokenPromises.join("; ")}`
  ].join("\n")
}

const spread = (errors: Errors) => ({
  count: errors.length,
  median: percentile(errors, 0.5),
  p95: percentile(errors, 0.95),
  max: percentile(errors, 1)
})

const plain = (judgement: Judgement) => ({
  ...judgement,
  times: Object.fromEntries(Object.entries(judgement.times).map(([name, errors]) => [name, spread(errors)]))
})

export const json = (
  reports: ReadonlyArray<CaseReport>,
  sum: Judgement,
  brokenPromises: ReadonlyArray<string>,
  withHooks: boolean
) =>
  JSON.stringify(
    {
      hooks: withHooks,
      cases: reports.map((report) => ({ ...report, judgement: plain(report.judgement) })),
      total: { ...plain(sum), findings: undefined },
      broken: brokenPromises
    },
    undefined,
    2
  )
