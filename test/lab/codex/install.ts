/**
 * Codex itself, any version, from npm into `.cache/codex/<version>/` of this checkout (ignored by git).
 *
 * Installs into a folder of its own and renames it when complete: two runs that want the same version at the same time
 * may both download it, but none ever sees half of it.
 */

import { existsSync } from "node:fs"
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises"
import { join, resolve } from "node:path"
import { Schema } from "effect"

export class CodexNotInstalled extends Schema.TaggedError<CodexNotInstalled>()("CodexNotInstalled", {
  version: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `Codex ${this.version} could not be installed from npm: ${this.reason}`
  }
  get hint() {
    return `try: npm install @openai/codex@${this.version}`
  }
}

const cache = resolve(import.meta.dir, "../../../.cache/codex")
const installMsMax = 300_000
const underWay = new Map<string, Promise<string>>()

/** The path of the native executable of this version, installed first if need be. */
export const codexBinary = (version: string): Promise<string> => {
  const known = underWay.get(version) ?? findOrInstall(version)
  underWay.set(version, known)
  return known
}

const findOrInstall = async (version: string): Promise<string> => {
  const folder = join(cache, version)
  const present = executableIn(folder)
  if (present !== undefined) return present
  await mkdir(cache, { recursive: true })
  const fresh = await mkdtemp(join(cache, `.${version}-`))
  try {
    await npmInstall(version, fresh)
    if (executableIn(fresh) === undefined) {
      throw new CodexNotInstalled({
        version,
        reason: `its package holds no executable for ${process.platform} ${process.arch}`
      })
    }
    // Whoever renames first wins; a folder without an executable is the rest of an install that was cut off.
    if (executableIn(folder) === undefined) await rm(folder, { recursive: true, force: true })
    await rename(fresh, folder).catch((cause: unknown) => {
      if (executableIn(folder) === undefined) throw cause
    })
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
  const installed = executableIn(folder)
  if (installed === undefined) throw new CodexNotInstalled({ version, reason: `${folder} is incomplete` })
  return installed
}

const npmInstall = async (version: string, folder: string): Promise<void> => {
  await Bun.write(join(folder, "package.json"), JSON.stringify({ private: true }))
  const npm = Bun.spawn(
    ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", folder, `@openai/codex@${version}`],
    { cwd: folder, stdin: "ignore", stdout: "ignore", stderr: "pipe", timeout: installMsMax }
  )
  const complaint = await npm.stderr.text()
  if ((await npm.exited) !== 0) throw new CodexNotInstalled({ version, reason: complaint.trim().slice(0, 400) })
}

const triples: Readonly<Record<string, string>> = {
  "linux x64": "x86_64-unknown-linux-musl",
  "linux arm64": "aarch64-unknown-linux-musl",
  "darwin x64": "x86_64-apple-darwin",
  "darwin arm64": "aarch64-apple-darwin"
}

/** Newer packages keep it in `bin/` of a package per platform, older ones in `codex/` of the one package. */
const executableIn = (folder: string): string | undefined => {
  const triple = triples[`${process.platform} ${process.arch}`]
  if (triple === undefined || !existsSync(folder)) return undefined
  const places = new Bun.Glob(`node_modules/@openai/codex*/vendor/${triple}/{bin,codex}/codex`)
  const [found] = places.scanSync({ cwd: folder, onlyFiles: true })
  return found === undefined ? undefined : join(folder, found)
}
