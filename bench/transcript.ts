/**
 * bun bench/transcript.ts [--bytes 1GiB] [--seed 1] > FILE
 *
 * Writes a made-up transcript of about that size, shaped like a real one. The same seed and size give the same bytes.
 */
import { once } from "node:events"
import { parseArgs } from "node:util"
import { transcriptLines } from "./generate/session.ts"

const units: Readonly<Record<string, number>> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 }

/** Bytes that `4GiB`, `300MiB` or a plain number means; undefined if it means none. */
export const bytesOf = (text: string): number | undefined => {
  const found = /^(\d+(?:\.\d+)?)(B|KiB|MiB|GiB)?$/.exec(text)
  return found === null ? undefined : Number(found[1]) * (units[found[2] ?? "B"] ?? 1)
}

/** Bytes gathered before they are written. */
const portion = 1 << 20

if (import.meta.main) {
  const { values } = parseArgs({
    options: { bytes: { type: "string", default: "1GiB" }, seed: { type: "string", default: "1" } }
  })
  const bytes = bytesOf(values.bytes)
  if (bytes === undefined) {
    console.error(`transcript: --bytes ${values.bytes} is no size (try 300MiB or 1GiB)`)
    process.exit(2)
  }
  const write = async (text: string) => {
    if (!process.stdout.write(text)) await once(process.stdout, "drain")
  }
  let gathered = ""
  for (const line of transcriptLines(Number(values.seed), bytes)) {
    gathered += line
    if (gathered.length < portion) continue
    await write(gathered)
    gathered = ""
  }
  await write(gathered)
}
