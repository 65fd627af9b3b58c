/**
 * bun test/lab/sample.ts: records `samples/first-steps/`, the session that ships with the product.
 *
 * Plays the scenario of that name on the newest Codex and keeps the transcripts, with the run's folders renamed to those
 * of a developer who does not exist. Nothing else is changed.
 */
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { newest, versionNamed } from "./codex/versions.ts"
import { play } from "./play.ts"
import { firstSteps } from "./scenarios/first-steps.ts"

const sample = resolve(import.meta.dir, "../../samples/first-steps")
const runFolder = /\/(?:[\w.-]+\/)*tracer-lab-\w+/g

const folder = await mkdtemp(join(tmpdir(), "tracer-sample-"))
try {
  await play(firstSteps, versionNamed(newest), folder)
  await rm(sample, { recursive: true, force: true })
  await mkdir(sample, { recursive: true })
  for (const name of await readdir(join(folder, "sessions"))) {
    const text = await readFile(join(folder, "sessions", name), "utf8")
    const renamed = text
      .replaceAll(new RegExp(`${runFolder.source}/work`, "g"), "/home/dev/slug")
      .replaceAll(new RegExp(`${runFolder.source}/home`, "g"), "/home/dev/.codex")
    if (runFolder.test(renamed)) throw new Error(`${name} still names the folder of the run`)
    await Bun.write(join(sample, name), renamed)
    console.log(`${join("samples/first-steps", name)}: ${renamed.length} characters`)
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}
