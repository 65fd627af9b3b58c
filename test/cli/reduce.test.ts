import { describe, expect, test } from "bun:test"
import { existsSync, lstatSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Result } from "effect"
import { Command } from "effect/cli"
import { TestConsole } from "effect/testing"
import { stateText } from "../../src/bundle/print.ts"
import { reduceCommand } from "../../src/cli/reduce.ts"
import { bundle, functionCall, userMessage } from "../support/bundle.ts"
import { temporaryFolder } from "../support/folder.ts"
import { stateOf } from "../support/reduced.ts"

const story = () =>
  bundle()
    .asks("I1", [userMessage("hi")])
    .answers("I1", [functionCall("c1", {})])
    .calls("c1", "web")

const run = (...args: ReadonlyArray<string>) =>
  Effect.runPromise(
    Effect.gen(function* () {
      const result = yield* Effect.result(Command.runWith(reduceCommand, { version: "0" })(args))
      return {
        out: (yield* TestConsole.logLines).join("\n"),
        err: (yield* TestConsole.errorLines).join("\n"),
        failure: Result.isFailure(result) ? (result.failure as { readonly _tag: string })._tag : undefined
      }
    }).pipe(Effect.scoped, Effect.provide([TestConsole.layer, NodeServices.layer]))
  )

const recorded = () => story().writeTo(join(temporaryFolder(), "bundle"))
const expected = [...stateText(stateOf(story()))].join("")

describe("tracer reduce", () => {
  test("writes state.json into the bundle, or where -o says, and prints the path", async () => {
    const directory = recorded()
    expect(await run(directory)).toEqual({ out: join(directory, "state.json"), err: "", failure: undefined })
    expect(readFileSync(join(directory, "state.json"), "utf8")).toBe(expected)
    const file = join(temporaryFolder(), "out.json")
    expect((await run(directory, "-o", file)).out).toBe(file)
    expect(readFileSync(file, "utf8")).toBe(expected)
  })

  test("-o writes through a link and into a pipe, and leaves both what they are", async () => {
    const folder = temporaryFolder()
    const [file, link, pipe] = [join(folder, "file"), join(folder, "link"), join(folder, "pipe")]
    writeFileSync(file, "before")
    symlinkSync(file, link)
    await run(recorded(), "-o", link)
    expect([lstatSync(link).isSymbolicLink(), readFileSync(file, "utf8")]).toEqual([true, expected])
    if (process.platform === "win32") return
    Bun.spawnSync({ cmd: ["mkfifo", pipe] })
    const reader = Bun.spawn({ cmd: ["cat", pipe], stdout: "pipe" })
    await run(recorded(), "-o", pipe)
    expect([lstatSync(pipe).isFIFO(), await new Response(reader.stdout).text()]).toEqual([true, expected])
  })

  test("--check compares with the state in the bundle, and writes nothing", async () => {
    const directory = recorded()
    expect((await run(directory, "--check")).failure).toBe("StateFile")
    await run(directory)
    expect((await run(directory, "--check")).out).toEndWith("is what the bundle reduces to")
    const file = join(directory, "state.json")
    writeFileSync(file, expected.replace('"status": "running"', '"status": "failed"'))
    expect(await run(directory, "--check")).toMatchObject({
      out: 'status: the bundle gives "running", the file has "failed"',
      failure: "Incomplete"
    })
    writeFileSync(file, JSON.stringify(JSON.parse(expected)))
    expect(await run(directory, "--check")).toMatchObject({
      out: `${file} has the same values in another form`,
      failure: "Incomplete"
    })
  })

  test("--check without --as finds the release that wrote the state", async () => {
    const old = bundle(1)
      .asks("I1", [userMessage("hi")])
      .answers("I1", [functionCall("c1", {})])
      .calls("c1", "web")
    const directory = old.writeTo(join(temporaryFolder(), "bundle"))
    await run(directory, "--as", "0.128.0")
    expect((await run(directory, "--check")).out).toEndWith("is what the bundle reduces to with --as 0.128.0")
    expect((await run(directory, "--check", "--as", "0.155.0")).failure).toBe("Incomplete")
  })

  test("a bundle that is refused writes nothing; --lenient writes what there is and lists the rest", async () => {
    const directory = story().turnEnds("completed", "another").writeTo(join(temporaryFolder(), "bundle"))
    expect((await run(directory)).failure).toBe("BundleRefused")
    expect(existsSync(join(directory, "state.json"))).toBe(false)
    const lenient = await run(directory, "--lenient")
    expect(lenient).toMatchObject({ out: join(directory, "state.json"), failure: "Incomplete" })
    expect(lenient.err).toContain("event 7 (line 7, codex_turn_ended): turn another ends, but it never started")
    expect(readFileSync(join(directory, "state.json"), "utf8")).toBe(expected)
  })

  test("--explain tells in words or as JSON, and that nothing has that id", async () => {
    const directory = recorded()
    expect((await run(directory, "--explain", "c1")).out).toStartWith("tool call c1, web\n  asked")
    const [explanation] = JSON.parse((await run(directory, "--explain", "c1", "--json")).out)
    expect(explanation).toMatchObject({ kind: "tool_call", id: "c1" })
    expect((await run(directory, "--explain", "nobody")).failure).toBe("NothingNamed")
  })

  test("--as reduces as a release does, if its reducer is known", async () => {
    const directory = recorded()
    expect((await run(directory, "--as", "0.1")).failure).toBe("UnknownGeneration")
    await run(directory, "--as", "0.155.0")
    expect(JSON.parse(readFileSync(join(directory, "state.json"), "utf8")).schema_version).toBe(1)
  })
})
