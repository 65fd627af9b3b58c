/**
 * The real Codex as an oracle: `codex debug trace-reduce` of a version, installed under `.cache/codex/<version>`.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"

const cache = resolve(import.meta.dir, "../../../.cache/codex")

/** The executable of a version; undefined where it is not installed. */
export const codexBinary = (version: string): string | undefined => {
  const vendor = join(cache, version, "node_modules/@openai/codex-linux-x64/vendor/x86_64-unknown-linux-musl")
  return [join(vendor, "bin/codex"), join(vendor, "codex/codex")].find(existsSync)
}

export interface Verdict {
  /** The text of state.json; undefined where the bundle was refused. */
  readonly state: string | undefined
  /** Why it was refused. */
  readonly reason: string
}

const home = mkdtempSync(join(tmpdir(), "tracer-oracle-home-"))
process.on("exit", () => rmSync(home, { recursive: true, force: true }))

/** Reduces a bundle directory with a real Codex. */
export const codexVerdict = async (binary: string, directory: string, output: string): Promise<Verdict> => {
  rmSync(output, { force: true })
  const child = Bun.spawn([binary, "debug", "trace-reduce", directory, "-o", output], {
    env: { PATH: process.env.PATH ?? "", HOME: home, CODEX_HOME: home },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe"
  })
  const reason = (await new Response(child.stderr).text()).trim().replaceAll(/\s+/g, " ")
  const code = await child.exited
  return code === 0 && existsSync(output)
    ? { state: readFileSync(output, "utf8"), reason: "" }
    : { state: undefined, reason: `exit ${code}: ${reason}` }
}
