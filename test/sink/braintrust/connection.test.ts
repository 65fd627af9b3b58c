/**
 * Loading and using the SDK touches nothing of the working directory, and an exported span is read as the SDK wrote it.
 */
import { describe, expect, test } from "bun:test"
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { initLogger, loginToState } from "braintrust"
import { Effect } from "effect"
import { outerSpanOf } from "../../../src/sink/braintrust/connection.ts"
import { startFakeBraintrust } from "../../lab/braintrust/server.ts"

const connectionModule = resolve(import.meta.dir, "../../../src/sink/braintrust/connection.ts")

/** Connects from a folder of its own whose `.env.braintrust` is a pipe: whoever reads it waits for ever. */
const connectFrom = (folder: string, script: string, timeout: number) =>
  spawnSync(process.execPath, ["-e", script], {
    cwd: folder,
    timeout,
    env: { PATH: process.env.PATH ?? "", HOME: folder },
    encoding: "utf8"
  })

describe.skipIf(process.platform === "win32")("a repository's .env.braintrust", () => {
  const withPipe = (body: (folder: string) => void) => {
    const folder = mkdtempSync(join(tmpdir(), "tracer-env-"))
    try {
      spawnSync("mkfifo", [join(folder, ".env.braintrust")])
      body(folder)
    } finally {
      rmSync(folder, { recursive: true })
    }
  }

  test(
    "is never opened: not at the SDK's import, not at a login",
    () =>
      withPipe((folder) => {
        const settings = {
          apiKey: "k",
          project: "p",
          projectId: "p",
          apiUrl: "http://127.0.0.1:9",
          appUrl: "http://127.0.0.1:9"
        }
        const script = `
        const { Effect } = await import("effect")
        const { connect, projectTarget } = await import(${JSON.stringify(connectionModule)})
        const settings = ${JSON.stringify(settings)}
        const made = await Effect.runPromise(connect(settings, projectTarget(settings), 1000))
        console.log(made.destination, process.env.BRAINTRUST_ENVIRONMENT_NAME)`
        const { stdout, stderr } = connectFrom(folder, script, 20_000)
        expect(stderr).toBe("")
        expect(stdout).toBe('"project_id":"p","log_id":"g" undefined\n')
      }),
    30_000
  )

  test(
    "would be, were the SDK left to itself",
    () =>
      withPipe((folder) => {
        const { status } = connectFrom(
          folder,
          `await import(${JSON.stringify(require.resolve("braintrust"))}); process.exit(0)`,
          4_000
        )
        expect(status).not.toBe(0)
      }),
    30_000
  )
})

describe("an exported span", () => {
  const read = (slug: string) => Effect.runPromise(Effect.result(outerSpanOf(slug)))

  test("of a project's logs names its span, its trace and its project, by name or by id", async () => {
    const fake = await startFakeBraintrust()
    const state = await loginToState({ apiKey: fake.apiKey, appUrl: fake.url, noExitFlush: true })
    const logger = initLogger({ projectName: "outer", apiKey: fake.apiKey, appUrl: fake.url, state })
    const span = logger.startSpan({ name: "ci", propagatedEvent: { metadata: { build: 7 } } })
    const ids = { spanId: span.spanId, rootSpanId: span.rootSpanId, propagated: { metadata: { build: 7 } } }
    expect(await read(await span.export())).toMatchObject({
      success: { ...ids, target: { _tag: "ProjectNamed", name: "outer" } }
    })
    span.end()
    await logger.flush()
    const fields = { project_id: fake.projectId("outer") ?? "", log_id: "g" }
    expect(await read(await span.export())).toMatchObject({ success: { ...ids, target: { _tag: "Known", fields } } })
    await fake.stop()
  })

  test("that is none is refused with what it should be", async () => {
    expect(await read("bm90IGEgc2x1ZyBhdCBhbGw=")).toMatchObject({
      _tag: "Failure",
      failure: { retry: "permanent", hint: "TRACER_PARENT takes what span.export() returned, unchanged" }
    })
  })
})
