/**
 * The executable as it is shipped, built from the sources as they are: for what only it does, and the sources do not.
 */
import { join } from "node:path"
import { repository } from "./tracer.ts"

export const executable = join(repository, "dist", process.platform === "win32" ? "tracer.exe" : "tracer")

let built = false

/** Builds it, once for all tests of a run. Takes seconds. */
export const buildExecutable = (): void => {
  if (built) return
  const { exitCode, stderr } = Bun.spawnSync({ cmd: [process.execPath, "build.ts", "--quiet"], cwd: repository })
  if (exitCode !== 0) throw new Error(`the build failed: ${stderr}`)
  built = true
}
