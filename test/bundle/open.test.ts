import { describe, expect, test } from "bun:test"
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { logLines, openBundle, payloadFiles } from "../../src/bundle/open.ts"
import { reduceBundle } from "../../src/bundle/reduce.ts"
import { Refusal } from "../../src/bundle/refusal.ts"
import { bundle, userMessage } from "../support/bundle.ts"
import { temporaryFolder } from "../support/folder.ts"
import { orRefused } from "../support/reduced.ts"

const ruleOf = (read: () => unknown): string => {
  try {
    read()
  } catch (error) {
    if (error instanceof Refusal) return error.rule
    throw error
  }
  return "read"
}

describe("a bundle's directory", () => {
  test("a payload is read by its path inside the bundle, in any folder of it", () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, "bundle/deep/er"), { recursive: true })
    writeFileSync(join(folder, "bundle/deep/er/x"), "12")
    expect(Buffer.from(payloadFiles(join(folder, "bundle"))("deep/er/x")).toString()).toBe("12")
  })

  test("a path never leaves the bundle: not by .., not absolute, not over a link of a file or a folder", () => {
    const folder = temporaryFolder()
    const inside = join(folder, "bundle")
    mkdirSync(join(inside, "payloads"), { recursive: true })
    mkdirSync(join(folder, "outside"))
    writeFileSync(join(folder, "outside/secret.json"), "1")
    writeFileSync(join(inside, "payloads/1.json"), "1")
    symlinkSync(join(folder, "outside/secret.json"), join(inside, "payloads/link.json"))
    symlinkSync(join(folder, "outside"), join(inside, "linked"))
    symlinkSync(join(inside, "payloads/1.json"), join(inside, "payloads/within.json"))
    const read = payloadFiles(inside)
    for (const path of [
      "../outside/secret.json",
      "payloads/../payloads/1.json",
      join(inside, "payloads/1.json"),
      "payloads/link.json",
      "linked/secret.json"
    ]) {
      expect([path, ruleOf(() => read(path))]).toEqual([path, "path"])
    }
    expect(Buffer.from(read("payloads/within.json")).toString()).toBe("1")
  })

  test("a payload that is lost, or a folder, is refused as a payload", () => {
    const folder = temporaryFolder()
    const read = payloadFiles(folder)
    expect(ruleOf(() => read("no.json"))).toBe("payload")
    expect(ruleOf(() => read("no/where.json"))).toBe("payload")
    mkdirSync(join(folder, "folder"))
    expect(ruleOf(() => read("folder"))).toBe("payload")
  })

  test("a log is read line by line over chunks, with CRLF and a torn end", () => {
    const file = join(temporaryFolder(), "log")
    const long = "x".repeat(700_000)
    writeFileSync(file, `a\r\n\n${long}\nb`)
    const lines = [...logLines(file)].map(({ bytes, ended, number }) => [number, bytes.length, ended])
    expect(lines).toEqual([
      [1, 1, true],
      [2, 0, true],
      [3, 700_000, true],
      [4, 1, false]
    ])
    expect(ruleOf(() => [...logLines(join(file, "none"))])).toBe("log")
  })

  test("a directory reduces like the same bundle in memory; without a manifest it is refused", () => {
    const story = bundle()
      .asks("I1", [userMessage("hi")])
      .recordingCompletes()
    const run = (directory: string) => orRefused(() => reduceBundle(openBundle(directory)))
    expect(run(story.writeTo(join(temporaryFolder(), "b")))).toEqual(reduceBundle(story.inMemory()))
    expect(run(temporaryFolder())).toMatchObject({ rule: "manifest", file: "manifest.json" })
  })
})
