import { describe, expect, setDefaultTimeout, test } from "bun:test"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { temporaryFolder } from "../support/folder.ts"
import { repository } from "../support/tracer.ts"

setDefaultTimeout(30_000)

/** A program that prints what it finds on its standard input, one object a line. */
const program = join(temporaryFolder(), "print.ts")
writeFileSync(
  program,
  `import { Effect, Stream } from "${repository}/node_modules/effect/dist/index.js"
   import { readerLines } from "${repository}/src/source/file.ts"
   import { stdinLines } from "${repository}/src/source/stdin.ts"
   import { reported } from "${repository}/src/source/session.ts"
   await Effect.runPromise(Stream.runForEach(reported(readerLines(stdinLines())), ({ lines, skipped }) =>
     Effect.sync(() => { for (const one of [...lines, ...skipped]) console.log(JSON.stringify(one)) })))
   process.exit(0)`
)

const shell = async (command: string) => {
  const child = Bun.spawn({ cmd: ["sh", "-c", command, process.execPath, program], stdout: "pipe", stderr: "inherit" })
  const text = await new Response(child.stdout).text()
  expect(await child.exited).toBe(0)
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line))
}
const print = '"$0" "$1"'

describe("stdin", () => {
  test("a pipe, a file and nothing at all are read to their end", async () => {
    const file = join(temporaryFolder(), "a.jsonl")
    writeFileSync(file, '{"a":1}\n{"b":2}\n')
    const found = [
      { file: "-", lineNumber: 1, byteOffset: 0, text: '{"a":1}' },
      { file: "-", lineNumber: 2, byteOffset: 8, text: '{"b":2}' }
    ]
    expect(await shell(`${print} < ${file}`)).toEqual(found)
    expect(await shell(`cat ${file} | ${print}`)).toEqual(found)
    expect(await shell(`${print} < /dev/null`)).toEqual([])
    expect(await shell(`${print} <&-`)).toEqual([])
  })

  test("a compressed transcript is refused in one line that says what to do", async () => {
    const file = join(temporaryFolder(), "a.jsonl.zst")
    writeFileSync(file, Bun.zstdCompressSync('{"a":1}\n'.repeat(9)))
    for (const command of [`${print} < ${file}`, `cat ${file} | ${print}`]) {
      const found = await shell(command)
      expect(found.map((one) => one.reason)).toEqual([expect.stringContaining("zstdcat FILE | tracer")])
    }
  })

  test("a slow writer is waited for, and a torn last line reported", async () => {
    const found = await shell(`(printf '{"a":'; sleep 0.3; printf '1}\\n'; sleep 0.3; printf '{"b"') | ${print}`)
    expect(found.map((one) => one.text ?? one.reason)).toEqual(['{"a":1}', "the file ends inside this line"])
  })

  test.skipIf(Bun.which("python3") === null)(
    "a descriptor that was left non-blocking is waited for all the same",
    async () => {
      // A relative of ours shares the pipe and makes it non-blocking before we read.
      const nonBlocking = `python3 -c 'import os; os.set_blocking(0, False)'`
      expect((await shell(`(sleep 0.5; echo '{}') | (${nonBlocking}; ${print})`)).map((one) => one.text)).toEqual([
        "{}"
      ])
    }
  )
})
