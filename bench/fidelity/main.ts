/**
 * bun bench/fidelity/main.ts [DIR…] [--hooks] [--untimed] [--json] [--tracer COMMAND]
 *
 * Runs the product on recorded sessions and compares its spans with what Codex really sent and recorded. DIR is a case
 * or a folder of cases (default: the corpus beside the checkout). With --untimed, times are shown and not judged, for
 * recordings of a busy machine. Exit code: 0 every promise kept, 1 one broken, 2 wrong use.
 */
import { existsSync } from "node:fs"
import { resolve } from "node:path"
import { parseArgs } from "node:util"
import { listCases } from "./case.ts"
import { judge } from "./judge.ts"
import { total } from "./judgement.ts"
import { type CaseReport, json, table } from "./report.ts"
import { productCommand, tell } from "./spans.ts"
import { readTruth } from "./truth-reader.ts"
import { broken, untrue } from "./verdict.ts"

const { values, positionals } = parseArgs({
  options: {
    hooks: { type: "boolean", default: false },
    untimed: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    tracer: { type: "string" }
  },
  allowPositionals: true
})

const directories = positionals.length > 0 ? positionals : [resolve(import.meta.dir, "../../../shared/corpus")]
const cases = directories.filter(existsSync).flatMap(listCases)
if (cases.length === 0) {
  console.error(`fidelity: no case in ${directories.join(", ")} (a case has sessions/ and requests.jsonl)`)
  process.exit(2)
}

const command = productCommand(values.tracer)
const reports: Array<CaseReport> = []
for (const one of cases) {
  const told = await tell(one, command, values.hooks)
  const judgement = judge(readTruth(one, values.hooks), told.spans)
  reports.push({
    name: one.name,
    exitCode: told.exitCode,
    stderr: told.stderr,
    foreignLines: told.foreignLines,
    judgement
  })
}

const sum = total(reports.map((report) => report.judgement))
const failed = reports.filter((report) => report.exitCode !== 0 || report.foreignLines > 0).map((report) => report.name)
const brokenPromises = [
  ...(failed.length === 0 ? [] : [`did not end well: ${failed.join(", ")}`]),
  ...(values.untimed ? untrue(sum) : broken(sum, values.hooks))
]
console.log(values.json ? json(reports, sum, brokenPromises, values.hooks) : table(reports, sum, brokenPromises))
process.exitCode = brokenPromises.length === 0 ? 0 : 1
