/**
 * Bundles on the command line: named, in folders, followed, beside their transcript.
 */
import { describe, expect, setDefaultTimeout, test } from "bun:test"
import { appendFileSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assistantMessage, BundleStory, bundle, startedAtMs, userMessage } from "../support/bundle.ts"
import { temporaryFolder } from "../support/folder.ts"
import { objects, run, start, textUntil } from "../support/tracer.ts"

// Each test starts the product, some several times, on a machine that may be busy.
setDefaultTimeout(60_000)

const threadId = "01a1fb04-dcb0-7751-81bf-331607aee47d"

/** A turn in which something is asked and answered. */
const told = () => {
  const story = bundle()
    .asks("I1", [userMessage("hi")])
    .answers("I1", [assistantMessage("ho")])
    .turnEnds()
  story.manifest.root_thread_id = threadId
  story.lines.forEach((line, index) => {
    story.lines[index] = line.replaceAll('"T1"', `"${threadId}"`)
  })
  return story
}

const spans = (stdout: string) => objects(stdout).map(({ kind, start, end, status }) => [kind, start, end, status])

const lastById = (stdout: string) => new Map(objects(stdout).map((span) => [span.id, span]))

/** The same thread in a later process: another turn. */
const resumed = () => {
  const story = new BundleStory().rolloutStarts().threadResumes(threadId).turnStarts("U2", threadId)
  story.asks("I2", [userMessage("hi"), assistantMessage("ho"), userMessage("and?")])
  story.answers("I2", [assistantMessage("so")]).turnEnds()
  story.manifest.root_thread_id = threadId
  story.manifest.started_at_unix_ms = startedAtMs + 60_000
  story.lines.forEach((line, index) => {
    const event = JSON.parse(line)
    story.lines[index] = JSON.stringify({ ...event, wall_time_unix_ms: event.wall_time_unix_ms + 60_000 })
  })
  return story
}

const expected = [
  ["llm", 1_700_000_004, 1_700_000_005, "ok"],
  ["turn", 1_700_000_003, 1_700_000_006, "ok"],
  ["session", 1_700_000_002, 1_700_000_006, "ok"]
]

describe("tracer BUNDLE", () => {
  test("a bundle, its folder, its log and a folder of bundles give the same spans", async () => {
    const folder = temporaryFolder()
    const directory = told().writeTo(join(folder, "trace-a"))
    for (const named of [directory, folder, join(directory, "trace.jsonl")]) {
      const { code, stdout, stderr } = await run([named, "--to", "jsonl"])
      expect([code, stderr]).toEqual([0, ""])
      expect(spans(stdout)).toEqual(expected)
    }
  })

  test("one whose payload is gone is read, and says by its exit code that something is missing", async () => {
    const story = told()
    story.payloads.clear()
    const { code, stdout, stderr } = await run([story.writeTo(join(temporaryFolder(), "b")), "--to", "jsonl"])
    expect(code).toBe(1)
    expect(stderr).toContain("payloads/1.json")
    expect(spans(stdout)).toEqual(expected)
  })
})

describe("tracer SESSION --bundle DIR", () => {
  test("the transcript's session has the bundle's times, which the environment may name too", async () => {
    const folder = temporaryFolder()
    told().writeTo(join(folder, "traces", "trace-a"))
    const file = join(folder, `rollout-2023-11-14T22-13-20-${threadId}.jsonl`)
    const records = [
      ["session_meta", { id: threadId, cwd: "/w", cli_version: "0.169.0" }],
      ["event_msg", { type: "task_started", turn_id: "U1" }],
      ["response_item", userMessage("hi")],
      ["response_item", assistantMessage("ho")],
      ["event_msg", { type: "task_complete", turn_id: "U1", last_agent_message: "ho" }]
    ].map(([type, payload]) => JSON.stringify({ timestamp: "2023-11-14T22:13:30.000Z", type, payload }))
    writeFileSync(file, `${records.join("\n")}\n`)
    const env = { CODEX_ROLLOUT_TRACE_ROOT: join(folder, "traces") }
    for (const { stdout, code } of [
      await run([file, "--to", "jsonl", "--bundle", join(folder, "traces")]),
      await run([file, "--to", "jsonl"], { env })
    ]) {
      expect(code).toBe(0)
      expect(spans(stdout).slice(0, 2)).toEqual(expected.slice(0, 2))
    }
    const alone = await run([file, "--to", "jsonl"])
    expect(spans(alone.stdout).slice(0, 2)).not.toEqual(expected.slice(0, 2))
  })
})

describe("tracer follow BUNDLE", () => {
  test("tells a bundle while it is written, until it is stopped", async () => {
    const story = told()
    const directory = story.writeTo(join(temporaryFolder(), "b"))
    const log = join(directory, "trace.jsonl")
    writeFileSync(log, `${story.lines.slice(0, 5).join("\n")}\n`)
    const tracer = start(["follow", directory, "--to", "jsonl"])
    const stdout = await textUntil(tracer.stdout, '"kind":"llm"', async () => {
      appendFileSync(log, `${story.lines.slice(5).join("\n")}\n`)
      await Bun.sleep(1500)
      tracer.kill("SIGINT")
    })
    expect([await tracer.exited, await new Response(tracer.stderr).text()]).toEqual([0, ""])
    expect(spans(stdout)).toEqual(expected)
  })

  test("of several bundles of a session the earlier ones are told too, and the last goes on", async () => {
    const folder = temporaryFolder()
    told().writeTo(join(folder, "trace-b"))
    const log = join(resumed().writeTo(join(folder, "trace-a")), "trace.jsonl")
    const whole = await run([folder, "--to", "jsonl"])
    const text = readFileSync(log, "utf8")
    writeFileSync(log, text.slice(0, -20))
    const tracer = start(["follow", folder, "--to", "jsonl"])
    const stdout = await textUntil(tracer.stdout, '"name":"turn 1"', async () => {
      appendFileSync(log, text.slice(-20))
      await Bun.sleep(1500)
      tracer.kill("SIGINT")
    })
    expect([await tracer.exited, await new Response(tracer.stderr).text()]).toEqual([0, ""])
    expect(objects(whole.stdout).filter(({ kind }) => kind === "turn")).toHaveLength(2)
    expect(lastById(stdout)).toEqual(lastById(whole.stdout))
  })

  test("a hook journal that is given with it is merged in, also what is written to it later", async () => {
    const directory = told().writeTo(join(temporaryFolder(), "b"))
    const journal = join(temporaryFolder(), "journal.jsonl")
    const lines = [
      { hook_event_name: "SessionStart", session_id: threadId, source: "startup", permission_mode: "plan" },
      { hook_event_name: "SessionEnd", session_id: threadId, reason: "prompt_input_exit" }
    ].map((payload, index) => `${JSON.stringify({ at_ns: (1_700_000_001 + 6 * index) * 1e9, payload })}\n`)
    writeFileSync(journal, lines.join(""))
    const whole = await run([directory, "--hooks", journal, "--to", "jsonl"])
    expect(whole.stdout).toContain('"permission_mode":"plan"')
    expect(whole.stdout).toContain('"end_reason":"prompt_input_exit"')
    writeFileSync(journal, lines.slice(0, 1).join(""))
    const tracer = start(["follow", directory, "--hooks", journal, "--to", "jsonl"])
    const stdout = await textUntil(tracer.stdout, '"kind":"llm"', async () => {
      appendFileSync(journal, lines.slice(1).join(""))
      await Bun.sleep(1500)
      tracer.kill("SIGINT")
    })
    expect([await tracer.exited, await new Response(tracer.stderr).text()]).toEqual([0, ""])
    expect(lastById(stdout)).toEqual(lastById(whole.stdout))
  })
})
