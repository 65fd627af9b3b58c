/**
 * What the product tells: it is run as a child process, as a user would run it, and its JSONL is read back.
 *
 * Shares no code with src/: the keys are the interface. Times become milliseconds here, once.
 */
import { existsSync, statSync } from "node:fs"
import { join, resolve } from "node:path"
import type { Case } from "./case.ts"
import { at, type Fields, isFields, number, parse, text } from "./json.ts"

export interface ToldSpan {
  readonly id: string
  readonly traceId: string
  readonly parentId?: string
  readonly thread: string
  readonly kind: string
  readonly name: string
  readonly startMs: number
  readonly endMs?: number
  readonly status?: string
  readonly input?: unknown
  readonly output?: unknown
  readonly metadata: Fields
  readonly metrics: Fields
}

export interface Told {
  readonly spans: ReadonlyArray<ToldSpan>
  /** Lines that are no span. */
  readonly foreignLines: number
  readonly exitCode: number
  readonly stderr: string
}

const fieldsAt = (span: Fields, key: string): Fields => {
  const value = span[key]
  return isFields(value) ? value : {}
}

const spanOf = (line: Fields): ToldSpan | undefined => {
  const id = text(line, "id")
  const kind = text(line, "kind")
  const start = number(line, "start")
  if (id === undefined || kind === undefined || start === undefined) return undefined
  const parentId = text(line, "parent_id")
  const end = number(line, "end")
  const status = text(line, "status")
  return {
    id,
    traceId: text(line, "trace_id") ?? "",
    ...(parentId !== undefined && { parentId }),
    thread: text(line, "thread_id") ?? "",
    kind,
    name: text(line, "name") ?? "",
    startMs: start * 1000,
    ...(end !== undefined && { endMs: end * 1000 }),
    ...(status !== undefined && { status }),
    input: at(line, "input"),
    output: at(line, "output"),
    metadata: fieldsAt(line, "metadata"),
    metrics: fieldsAt(line, "metrics")
  }
}

/** Reads JSONL of spans; the last line of an id is the truth about it. */
export const readSpans = (jsonl: string): Pick<Told, "spans" | "foreignLines"> => {
  const spans = new Map<string, ToldSpan>()
  let foreignLines = 0
  for (const line of jsonl.split("\n")) {
    if (line.trim() === "") continue
    const fields = parse(line)
    const span = fields === undefined ? undefined : spanOf(fields)
    if (span === undefined) foreignLines++
    else spans.set(span.id, span)
  }
  return { spans: [...spans.values()].sort((one, other) => one.startMs - other.startMs), foreignLines }
}

const root = resolve(import.meta.dir, "../..")

/** Whether the executable was built from the source as it is now. */
const isFresh = (executable: string) => {
  const built = statSync(executable).mtimeMs
  const sources = new Bun.Glob("**/*.ts").scanSync({ cwd: join(root, "src"), absolute: true })
  return [...sources].every((file) => statSync(file).mtimeMs <= built)
}

/** The command that runs the product: what the user named, the built executable, or its source where that is newer. */
export const productCommand = (named: string | undefined): ReadonlyArray<string> => {
  if (named !== undefined) return named.split(" ")
  const built = join(root, "dist", "tracer")
  return existsSync(built) && isFresh(built) ? [built] : [process.execPath, join(root, "src", "main.ts")]
}

/** Runs the product on a case and reads what it tells. */
export const tell = async (one: Case, command: ReadonlyArray<string>, withHooks: boolean): Promise<Told> => {
  const journal = withHooks && one.hooks !== undefined ? ["--hooks", one.hooks] : []
  const child = Bun.spawn({
    cmd: [...command, ...one.transcriptFolders, "--to", "jsonl", "--llm-input", "full", ...journal],
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: 120_000
  })
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited
  ])
  return { ...readSpans(stdout), exitCode, stderr }
}
