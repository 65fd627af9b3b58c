/**
 * The collector against what happens to processes, disks and backends. Each test ends with the same question: does the
 * backend hold exactly what was written?
 */
import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync
} from "node:fs"
import { createConnection } from "node:net"
import { basename, join, resolve } from "node:path"
import { zstdCompressSync } from "node:zlib"
import { watermarksOf } from "../../src/collector/watermark.ts"
import { journalFile } from "../../src/hook/places.ts"
import { arrived, type Behaviour, missing, newThreadId, type Stage, startStage, until } from "./stage.ts"

let stage: Stage
beforeEach(() => {
  stage = startStage()
})
afterEach(() => stage.end())

/** Reproducible moments. */
const dice = (seed: number) => () => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return seed / 2 ** 32
}

describe("kill -9 of the collector", () => {
  test("at fifty moments of a session loses nothing, and no id is there twice", async () => {
    const random = dice(6)
    const session = stage.session()
    session.begin()
    for (let moment = 0; moment < 50; moment++) {
      session.write(1 + Math.floor(random() * 20))
      const hook = session.hook("PreToolUse", { moment })
      await Bun.sleep(random() * 120)
      await stage.kill()
      expect(await hook).toEqual({ exitCode: 0, said: "" })
    }
    await session.hook("Stop")
    await arrived(stage, session, 20_000)
    await until(stage.running, (running) => running.length === 0, 20_000)
    const extra = [...stage.backend.rows.keys()].filter((id) => !session.expected().includes(id))
    expect(extra).toEqual([`session ${session.threadId}`])
    expect(stage.backend.rows.get(`session ${session.threadId}`)).toMatchObject({
      end: 2,
      metrics: { lines: session.expected().length }
    })
  }, 120_000)
})

describe("a backend that", () => {
  const cases: ReadonlyArray<readonly [string, Behaviour]> = [
    ["answers 500", () => new Response("oops", { status: 500 })],
    ["answers 429", () => new Response("{}", { status: 429, headers: { "retry-after": "1" } })],
    ["answers garbage with 200", () => new Response("<html>")],
    ["hangs", () => new Promise<Response>(() => {})],
    [
      "takes the rows and answers half a word",
      async (_, take) => {
        await take()
        return new Response("{")
      }
    ]
  ]
  for (const [name, behaviour] of cases) {
    test(`${name} gets everything as soon as it behaves`, async () => {
      stage.backend.behave(behaviour)
      const session = stage.session()
      session.begin()
      session.write(30)
      expect(await session.hook("SessionStart")).toEqual({ exitCode: 0, said: "" })
      await until(stage.backend.requests, (requests) => requests >= 1)
      session.write(30)
      await Bun.sleep(500)
      stage.backend.behave(undefined)
      await arrived(stage, session, 20_000)
    }, 40_000)
  }

  test("refuses the key makes one session wait, not the others, and takes all with the new key", async () => {
    stage.backend.behave((request, take) =>
      request.headers.get("authorization") === "Bearer good" ? take() : new Response("{}", { status: 401 })
    )
    const good = stage.session(undefined, { BRAINTRUST_API_KEY: "good" })
    const bad = stage.session(undefined, { BRAINTRUST_API_KEY: "revoked" })
    for (const session of [bad, good]) {
      session.begin()
      session.write(10)
      await session.hook("SessionStart")
    }
    await arrived(stage, good)
    expect(missing(stage, bad).filter((id) => id.startsWith(bad.threadId)).length).toBe(11)
    const corrected = stage.session(bad.threadId, { BRAINTRUST_API_KEY: "good" })
    await corrected.hook("Stop")
    await until(
      () => missing(stage, bad),
      (lacking) => lacking.length === 0
    )
  }, 30_000)

  test("is slow holds the fold back, not the memory, and loses nothing", async () => {
    stage.backend.behave(async (_, take) => {
      await Bun.sleep(20)
      return take()
    })
    const session = stage.session()
    session.begin()
    session.write(4000)
    await session.hook("SessionStart")
    await arrived(stage, session, 30_000)
  }, 40_000)
})

describe("many at once", () => {
  test("twenty sessions with different keys each arrive whole, under their own key", async () => {
    const keys = new Map<string, string>()
    stage.backend.behave(async (request, take) => {
      const copy = (await request.clone().json()) as ReadonlyArray<{ readonly id: string }>
      for (const { id } of copy) keys.set(id, request.headers.get("authorization") ?? "")
      return take()
    })
    const sessions = Array.from({ length: 20 }, (_, n) => stage.session(undefined, { BRAINTRUST_API_KEY: `key-${n}` }))
    await Promise.all(
      sessions.map(async (session) => {
        session.begin()
        session.write(20)
        await session.hook("SessionStart")
        session.write(20)
        await session.hook("Stop")
      })
    )
    for (const session of sessions) await arrived(stage, session, 20_000)
    sessions.forEach(({ threadId }, n) => {
      expect(keys.get(`${threadId}:41`)).toBe(`Bearer key-${n}`)
    })
    expect(stage.running().length).toBe(1)
  }, 60_000)
})

describe("two versions at once", () => {
  test("a newer one takes over at once, with the settings that were in memory only", async () => {
    const old = stage.session()
    old.begin()
    await old.hook("SessionStart")
    await arrived(stage, old)
    const fresh = newThreadId()
    const { PATH: _, ...environment } = stage.environment
    const command = [process.execPath, resolve(import.meta.dir, "door.ts")]
    const wake = { type: "wake", version: "999.0.0", command, session: fresh, event: "SessionStart", environment }
    const socket = createConnection(join(stage.state, "collector.sock"))
    socket.end(`${JSON.stringify(wake)}\n`)
    await until(stage.began, (began) => began === 2)
    old.write(5)
    await arrived(stage, old)
    await until(stage.running, (running) => running.length === 1)
    expect(stage.log().filter(({ what }) => /Outdated/.test(what)).length).toBe(1)
  }, 20_000)

  test("an older one's hooks are served by the newer collector", async () => {
    const session = stage.session()
    session.begin()
    await session.hook("SessionStart")
    await arrived(stage, session)
    const wake = { type: "wake", version: "0.0.1", command: ["/nowhere"], session: session.threadId, event: "Stop" }
    const socket = createConnection(join(stage.state, "collector.sock"))
    socket.end(`${JSON.stringify({ ...wake, environment: stage.environment })}\n`)
    session.write(1)
    await arrived(stage, session)
    expect(stage.began()).toBe(1)
  }, 20_000)
})

describe("a disk that", () => {
  const mounted = (options: string) =>
    Bun.spawnSync({ cmd: ["mount", "-t", "tmpfs", "-o", options, "tmpfs", stage.state] }).exitCode === 0
  const mount = (...args: ReadonlyArray<string>) => Bun.spawnSync({ cmd: ["mount", ...args] })
  const unmount = () => Bun.spawnSync({ cmd: ["umount", "-l", stage.state] })

  test("is full costs hook facts while it is, never the hook and never the transcript", async () => {
    mkdirSync(stage.state, { mode: 0o700 })
    if (!mounted("size=256k,mode=700")) return console.log("skipped: a small tmpfs needs the right to mount")
    try {
      const session = stage.session()
      session.begin()
      await session.hook("SessionStart")
      await arrived(stage, session)
      const filler = join(stage.state, "filler")
      Bun.spawnSync({ cmd: ["dd", "if=/dev/zero", `of=${filler}`, "bs=4k"], stderr: "ignore" })
      session.write(200)
      for (let calls = 0; calls < 5; calls++) {
        expect(await session.hook("PreToolUse", { large: "x".repeat(20_000) })).toEqual({ exitCode: 0, said: "" })
      }
      await until(
        () => stage.backend.rows.has(`${session.threadId}:201`),
        (there) => there
      )
      rmSync(filler)
      await session.hook("Stop")
      await until(
        () => [...stage.backend.rows.values()].some(({ output }) => output?.includes(`"Stop"`)),
        (there) => there
      )
    } finally {
      await stage.kill()
      unmount()
    }
  }, 40_000)

  test("is read-only is survived by hooks, and what they missed is in the transcript", async () => {
    mkdirSync(stage.state, { mode: 0o700 })
    if (!mounted("size=4m,mode=700")) return console.log("skipped: a tmpfs needs the right to mount")
    try {
      const session = stage.session()
      session.begin()
      await session.hook("SessionStart")
      await arrived(stage, session)
      mount("-o", "remount,ro", stage.state)
      session.write(5)
      expect(await session.hook("PreToolUse")).toEqual({ exitCode: 0, said: "" })
      await arrived(stage, session)
      await stage.kill()
      expect(await session.hook("PostToolUse")).toEqual({ exitCode: 0, said: "" })
      mount("-o", "remount,rw", stage.state)
      session.write(5)
      await session.hook("Stop")
      await arrived(stage, session)
    } finally {
      await stage.kill()
      unmount()
    }
  }, 40_000)
})

test("two hundred hooks in parallel are all journaled, delivered, and started one collector", async () => {
  const session = stage.session()
  session.begin()
  const ran = await Promise.all(Array.from({ length: 200 }, (_, n) => session.hook("PreToolUse", { n })))
  expect(ran.filter(({ exitCode, said }) => exitCode !== 0 || said !== "")).toEqual([])
  expect(session.expected().length).toBe(201)
  await arrived(stage, session, 30_000)
  expect(stage.running().length).toBe(1)
}, 120_000)

describe("files that are not what they were", () => {
  test("a transcript that is archived goes on where it is", async () => {
    const session = stage.session()
    session.begin()
    session.write(5)
    await session.hook("SessionStart")
    await arrived(stage, session)
    const archive = join(stage.codexHome, "archived_sessions")
    mkdirSync(archive)
    const moved = join(archive, session.transcript.split("/").at(-1) ?? "")
    renameSync(session.transcript, moved)
    appendFileSync(moved, `{"timestamp":"2026-11-21T10:00:01.000Z","type":"event_msg","payload":{"type":"late"}}\n`)
    await session.hook("Stop")
    await until(
      () => stage.backend.rows.has(`${session.threadId}:7`),
      (there) => there
    )
  }, 20_000)

  test("a transcript that is compressed is read on, and one that was compressed before anybody looked is read whole", async () => {
    const session = stage.session()
    session.begin()
    session.write(5)
    await session.hook("SessionStart")
    await arrived(stage, session)
    session.write(3)
    const archive = join(stage.codexHome, "archived_sessions")
    mkdirSync(archive)
    const pack = (transcript: string) => {
      writeFileSync(join(archive, `${basename(transcript)}.zst`), zstdCompressSync(readFileSync(transcript)))
      rmSync(transcript)
    }
    pack(session.transcript)
    const cold = stage.session()
    cold.begin()
    cold.write(4)
    pack(cold.transcript)
    await Promise.all([session.hook("Stop"), cold.hook("SessionStart")])
    const rows = [`${session.threadId}:9`, `${cold.threadId}:1`, `${cold.threadId}:5`]
    await until(
      () => rows.filter((id) => !stage.backend.rows.has(id)),
      (lacking) => lacking.length === 0
    )
    expect(stage.backend.times.get(`${session.threadId}:6`)).toBe(1)
  }, 20_000)

  test("a transcript that vanishes leaves what was read, and hurts nobody", async () => {
    const session = stage.session()
    session.begin()
    session.write(5)
    await session.hook("SessionStart")
    await arrived(stage, session)
    rmSync(session.transcript)
    await session.hook("Stop")
    const other = stage.session()
    other.begin()
    await other.hook("SessionStart")
    await arrived(stage, other)
    await arrived(stage, session)
    expect(stage.backend.rows.has(`${session.threadId}:6`)).toBe(true)
  }, 20_000)

  test("a transcript that comes late is found", async () => {
    const session = stage.session()
    await session.hook("SessionStart")
    await arrived(stage, session)
    await Bun.sleep(300)
    session.begin()
    session.write(3)
    await arrived(stage, session)
  }, 20_000)

  test("a journal that lost its last bytes in a power cut is read again", async () => {
    const session = stage.session()
    session.begin()
    await session.hook("SessionStart")
    await session.hook("UserPromptSubmit")
    await arrived(stage, session)
    await until(
      () => watermarksOf(stage.state, session.threadId)[0]?.spans,
      (spans) => spans === 3
    )
    await stage.kill()
    const journal = journalFile(stage.state, session.threadId)
    truncateSync(journal, readFileSync(journal).length - 10)
    await session.hook("Stop")
    await until(
      () => stage.backend.rows.get("journal:3")?.output ?? "",
      (output) => output.includes("Stop")
    )
  }, 20_000)

  test("a watermark that is garbage costs a second sending, nothing else", async () => {
    const session = stage.session()
    session.begin()
    session.write(5)
    await session.hook("SessionStart")
    await arrived(stage, session)
    await until(
      () => watermarksOf(stage.state, session.threadId).length,
      (count) => count === 1
    )
    await stage.kill()
    const folder = join(stage.state, "sessions", session.threadId)
    for (const name of new Bun.Glob("watermark-*.json").scanSync({ cwd: folder }))
      writeFileSync(join(folder, name), "{")
    stage.backend.rows.clear()
    await session.hook("Stop")
    await arrived(stage, session)
  }, 20_000)
})

describe("what is not a transcript of this Codex home is not read", () => {
  test("a link, a fifo and a path to elsewhere give nothing away", async () => {
    const secret = join(stage.folder, "secret.jsonl")
    writeFileSync(
      secret,
      `{"timestamp":"2026-11-21T10:00:00.000Z","type":"session_meta","payload":{"id":"x"}}\nSECRET\n`
    )
    const linked = newThreadId()
    const fifo = newThreadId()
    symlinkSync(secret, join(stage.day, `rollout-2026-11-21T10-00-00-${linked}.jsonl`))
    Bun.spawnSync({ cmd: ["mkfifo", join(stage.day, `rollout-2026-11-21T10-00-00-${fifo}.jsonl`)] })
    const honest = stage.session()
    honest.begin()
    for (const threadId of [linked, fifo]) {
      const hook = await stage.session(threadId).hook("SessionStart", { transcript_path: secret })
      expect(hook).toEqual({ exitCode: 0, said: "" })
    }
    for (const path of ["/etc/passwd", "/dev/zero", secret, "../../etc/passwd"]) {
      await honest.hook("SessionStart", { transcript_path: path })
    }
    await arrived(stage, honest)
    await Bun.sleep(1000)
    const sent = JSON.stringify([...stage.backend.rows.values()].filter(({ id }) => !id.startsWith("journal")))
    expect(sent).not.toContain("SECRET")
    expect(sent).not.toContain("root:")
    expect([...stage.backend.rows.keys()].filter((id) => id.startsWith(linked) || id.startsWith(fifo))).toEqual([])
  }, 30_000)
})
