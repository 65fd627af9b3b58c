/**
 * Builds the executable: `dist/tracer` for this machine, or with `--all` one for each platform and a file of SHA-256 sums.
 *
 * --splitting keeps everything behind `import()` out of the start-up path, --format=esm is what bytecode needs, and
 * the two autoload switches keep a `.env` or `bunfig.toml` of the folder we are started in from reaching us.
 */
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const root = import.meta.dir
const dist = join(root, "dist")
const quiet = process.argv.includes("--quiet")
const say = (text: string) => quiet || console.log(text)

/** Bun's names of the targets we ship; each runtime comes from npm as `@oven/bun-<npm>`. */
const targets = [
  { name: "linux-x64", bun: "bun-linux-x64", npm: "linux-x64" },
  { name: "linux-arm64", bun: "bun-linux-arm64", npm: "linux-aarch64" },
  { name: "linux-x64-musl", bun: "bun-linux-x64-musl", npm: "linux-x64-musl" },
  { name: "linux-arm64-musl", bun: "bun-linux-arm64-musl", npm: "linux-aarch64-musl" },
  { name: "darwin-x64", bun: "bun-darwin-x64", npm: "darwin-x64" },
  { name: "darwin-arm64", bun: "bun-darwin-arm64", npm: "darwin-aarch64" },
  { name: "windows-x64", bun: "bun-windows-x64", npm: "windows-x64" }
] as const

const run = (command: ReadonlyArray<string>, cwd = root) => {
  const { exitCode, stdout, stderr } = Bun.spawnSync({ cmd: [...command], cwd, stdout: "pipe", stderr: "pipe" })
  if (exitCode === 0) return stdout.toString()
  console.error(`build: ${command.join(" ")}\n${stdout}${stderr}`)
  process.exit(1)
}

const compile = (outfile: string, extra: ReadonlyArray<string> = []) =>
  run([
    process.execPath,
    "build",
    "src/main.ts",
    "--compile",
    "--minify",
    "--bytecode",
    "--format=esm",
    "--splitting",
    "--no-compile-autoload-dotenv",
    "--no-compile-autoload-bunfig",
    `--outfile=${outfile}`,
    ...extra
  ])

const megabytes = (file: string) => `${(statSync(file).size / 1e6).toFixed(1)} MB`

/** The Bun runtime of another platform, unpacked from its npm package into the cache. */
const runtime = (npm: string) => {
  const folder = join(root, ".cache", "bun", `${npm}-${Bun.version}`)
  const binary = join(folder, "package", "bin", npm.startsWith("windows") ? "bun.exe" : "bun")
  if (existsSync(binary)) return binary
  mkdirSync(folder, { recursive: true })
  const packed = run(["npm", "pack", "--silent", `@oven/bun-${npm}@${Bun.version}`], folder).trim()
  run(["tar", "xzf", packed], folder)
  rmSync(join(folder, packed))
  return binary
}

mkdirSync(dist, { recursive: true })
if (process.argv.includes("--all")) {
  const sums = targets.map(({ name, bun, npm }) => {
    const file = `tracer-${name}${name.startsWith("windows") ? ".exe" : ""}`
    compile(join(dist, file), [`--target=${bun}`, `--compile-executable-path=${runtime(npm)}`])
    say(`dist/${file}  ${megabytes(join(dist, file))}`)
    return `${createHash("sha256")
      .update(readFileSync(join(dist, file)))
      .digest("hex")}  ${file}\n`
  })
  writeFileSync(join(dist, "SHA256SUMS"), sums.join(""))
  say("dist/SHA256SUMS")
} else {
  compile(join(dist, "tracer"))
  say(`dist/tracer  ${megabytes(join(dist, "tracer"))}`)
}
