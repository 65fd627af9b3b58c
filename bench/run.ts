/**
 * bun bench/run.ts [QUESTION…] [--bytes 256MiB] [--tracer COMMAND]
 *
 * Runs the named benches (all without a name) on the built executable and prints each figure beside its baseline of the
 * same run. Exit code: 0 every promise kept, 1 one broken or one bench could not run, 2 wrong use.
 */
import { existsSync } from "node:fs"
import { resolve } from "node:path"
import { parseArgs } from "node:util"
import { type Bench, describe, kept, Missing } from "./bench.ts"
import { follow } from "./follow.ts"
import { hook } from "./hook.ts"
import { lines } from "./lines.ts"
import { pipe } from "./pipe.ts"
import { redaction } from "./redact.ts"
import { reduce } from "./reduce.ts"
import { start } from "./start.ts"
import { bytesOf } from "./transcript.ts"

const benches: ReadonlyArray<Bench> = [start, pipe, follow, hook, lines, redaction, reduce]

const { values, positionals } = parseArgs({
  options: { bytes: { type: "string", default: "256MiB" }, tracer: { type: "string" } },
  allowPositionals: true
})
const bytes = bytesOf(values.bytes)
const unknown = positionals.filter((name) => !benches.some((bench) => bench.name === name))
if (bytes === undefined || unknown.length > 0) {
  console.error(`bench: ${bytes === undefined ? `${values.bytes} is no size` : `no bench ${unknown.join(", ")}`}`)
  for (const bench of benches) console.error(`  ${bench.name.padEnd(8)} ${bench.question}`)
  process.exit(2)
}
const executable = resolve(import.meta.dir, "../dist/tracer")
if (values.tracer === undefined && !existsSync(executable)) {
  console.error("bench: dist/tracer is not built; run `npm run build` first")
  process.exit(2)
}
const tracer = values.tracer?.split(" ") ?? [executable]

let well = true
for (const bench of benches) {
  if (positionals.length > 0 && !positionals.includes(bench.name)) continue
  console.log(`${bench.name}: ${bench.question}`)
  try {
    for (const figure of await bench.run({ bytes, tracer })) {
      console.log(`  ${describe(figure)}`)
      well &&= kept(figure)
    }
  } catch (cause) {
    if (!(cause instanceof Missing)) throw cause
    console.log(`  could not run: ${cause.message.trim()}`)
    well = false
  }
}
process.exitCode = well ? 0 : 1
