/**
 * Asks the Codex that is installed about hooks: through `codex app-server`, which is how a program can know.
 *
 * Two questions: what can this Codex do with hooks at all (asked in an empty home of its own, so nothing of the user's is
 * touched), and what does it make of the user's hooks, trust included. Nothing here approves anything: that is the
 * user's act. Times are milliseconds.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Option, Schema } from "effect"
import { version } from "../version.ts"
import { type HookAbilities, hookEvents } from "./events.ts"

/** Codex could not be asked. */
export class CodexNotAsked extends Schema.TaggedError<CodexNotAsked>()("CodexNotAsked", {
  program: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `${this.program}: ${this.reason}`
  }
  get hint() {
    return "say which Codex to ask with --codex PATH"
  }
}

const HookMetadata = Schema.Struct({
  key: Schema.String,
  /** In camel case: `preToolUse`. */
  eventName: Schema.String,
  command: Schema.optionalKey(Schema.NullOr(Schema.String)),
  async: Schema.optionalKey(Schema.Boolean),
  enabled: Schema.optionalKey(Schema.Boolean),
  /** 0.128 has no trust yet. */
  trustStatus: Schema.optionalKey(Schema.String),
  sourcePath: Schema.optionalKey(Schema.NullOr(Schema.String))
})
export type HookMetadata = typeof HookMetadata.Type

const HooksList = Schema.Struct({
  data: Schema.Array(
    Schema.Struct({
      hooks: Schema.Array(HookMetadata),
      warnings: Schema.optionalKey(Schema.Array(Schema.String)),
      errors: Schema.optionalKey(Schema.Array(Schema.Unknown))
    })
  )
})

export interface HooksOfCodex {
  readonly hooks: ReadonlyArray<HookMetadata>
  readonly warnings: ReadonlyArray<string>
}

const answerMs = 15_000
const listRequestId = 2

const run = (program: string, args: ReadonlyArray<string>, codexHome: string | undefined, cwd: string) =>
  Bun.spawn({
    cmd: [program, ...args],
    cwd,
    env: { ...process.env, ...(codexHome !== undefined && { CODEX_HOME: codexHome }) },
    stdin: "pipe",
    stdout: "pipe",
    stderr: "ignore"
  })

const spawned = (program: string, args: ReadonlyArray<string>, codexHome: string | undefined, cwd: string) =>
  Effect.acquireRelease(
    Effect.try({
      try: () => run(program, args, codexHome, cwd),
      catch: (cause) =>
        new CodexNotAsked({
          program,
          reason: `cannot be started (${cause instanceof Error ? cause.message : String(cause)})`
        })
    }),
    (child) => Effect.sync(() => child.kill())
  )

const late = (program: string) => ({
  duration: answerMs,
  orElse: () => Effect.fail(new CodexNotAsked({ program, reason: `did not answer within ${answerMs / 1000} s` }))
})

/** The version that `codex --version` tells, as `0.169.0`. */
export const codexVersion = (program: string): Effect.Effect<string, CodexNotAsked> =>
  Effect.gen(function* () {
    const child = yield* spawned(program, ["--version"], undefined, tmpdir())
    const text = yield* Effect.promise(() => new Response(child.stdout).text())
    const [found] = /\d+\.\d+\.\d+\S*/.exec(text) ?? []
    return found ?? (yield* new CodexNotAsked({ program, reason: "does not tell its version" }))
  }).pipe(Effect.scoped, Effect.timeoutOrElse(late(program)))

/** The result of the request with this id among the lines of the answer. */
const resultOf = async (lines: AsyncIterable<Uint8Array>, id: number): Promise<unknown> => {
  const decoder = new TextDecoder()
  let received = ""
  for await (const bytes of lines) {
    received += decoder.decode(bytes, { stream: true })
    const complete = received.split("\n")
    received = complete.pop() ?? ""
    for (const line of complete) {
      const message: unknown = line.startsWith("{") ? JSON.parse(line) : undefined
      if (typeof message === "object" && message !== null && "id" in message && message.id === id) return message
    }
  }
  return undefined
}

const Answer = Schema.Struct({ result: HooksList })

/** What Codex makes of the hooks of a home, for sessions in `cwd`. */
export const listHooks = (
  program: string,
  codexHome: string | undefined,
  cwd: string
): Effect.Effect<HooksOfCodex, CodexNotAsked> =>
  Effect.gen(function* () {
    const child = yield* spawned(program, ["app-server"], codexHome, cwd)
    const clientInfo = { name: "tracer", title: "tracer", version }
    const requests = [
      { id: 1, method: "initialize", params: { clientInfo, capabilities: { experimentalApi: true } } },
      { method: "initialized" },
      { id: listRequestId, method: "hooks/list", params: { cwds: [cwd] } }
    ]
    for (const request of requests) child.stdin.write(`${JSON.stringify(request)}\n`)
    child.stdin.flush()
    const answer = yield* Effect.tryPromise({
      try: () => resultOf(child.stdout, listRequestId),
      catch: (cause) => new CodexNotAsked({ program, reason: `its app-server broke off (${String(cause)})` })
    })
    const decoded = Schema.decodeUnknownOption(Answer)(answer)
    if (Option.isNone(decoded)) {
      return yield* new CodexNotAsked({ program, reason: "does not know the request hooks/list" })
    }
    const lists = decoded.value.result.data
    return {
      hooks: lists.flatMap(({ hooks }) => hooks),
      warnings: lists.flatMap(({ warnings = [], errors = [] }) => [
        ...warnings,
        ...errors.map((error) => JSON.stringify(error))
      ])
    }
  }).pipe(Effect.scoped, Effect.timeoutOrElse(late(program)))

/** `preToolUse` or `pre_tool_use` as `PreToolUse`. */
export const eventNamed = (name: string): string =>
  name.replace(/(^|_)([a-z])/g, (_, __, letter: string) => letter.toUpperCase())

/** What a Codex can do with hooks, by showing it one of each kind in a home of our own. */
export const hookAbilities = (program: string): Effect.Effect<HookAbilities, CodexNotAsked> =>
  Effect.gen(function* () {
    const home = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "tracer-setup-"))),
      (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
    )
    const cwd = join(home, "work")
    mkdirSync(cwd)
    const group = (more: object) => ({ hooks: [{ type: "command", command: "true", ...more }] })
    const hooks = Object.fromEntries(hookEvents.map((event) => [event, [group({}), group({ async: true })]]))
    writeFileSync(join(home, "hooks.json"), JSON.stringify({ hooks }))
    const listed = yield* listHooks(program, home, cwd)
    const names = new Set(listed.hooks.map(({ eventName }) => eventNamed(eventName)))
    return {
      events: hookEvents.filter((event) => names.has(event)),
      runsAsync: listed.hooks.some((hook) => hook.async === true)
    }
  }).pipe(Effect.scoped)

/** The Codex to ask: the one that was named, else the one on the PATH. */
export const findCodex = (named: string | undefined): string | undefined => named ?? Bun.which("codex") ?? undefined
