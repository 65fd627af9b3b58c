/**
 * The house tests itself: what the architecture, the glossary and the README promise about the code, held by the code.
 *
 * Owns rules about files and imports only; what the code does is tested beside it (test/<room>/).
 */
import { describe, expect, test } from "bun:test"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { basename, dirname, join, relative, resolve } from "node:path"
import { repository, run } from "./support/tracer.ts"

const filesUnder = (folder: string, ext: string): ReadonlyArray<string> =>
  readdirSync(join(repository, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ext))
    .map((entry) => relative(repository, join(entry.parentPath, entry.name)))
    .sort()

const textOf = (path: string): string => readFileSync(join(repository, path), "utf8")

const sources = filesUnder("src", ".ts")
const allCode = [...sources, ...filesUnder("test", ".ts"), ...filesUnder("bench", ".ts"), "build.ts"]

/** What a file imports, also on demand: modules as they are written. */
const importsOf = (path: string): ReadonlyArray<string> =>
  [...textOf(path).matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map(([, module = ""]) => module)

/** `src/machine/turn.ts` → `machine`; undefined for a file that is in no room. */
const roomOf = (path: string): string | undefined => /^src\/([^/]+)\//.exec(path)?.[1]

interface Edge {
  readonly file: string
  readonly target: string
}

/** Imports of other rooms' files. */
const crossings: ReadonlyArray<Edge> = sources.flatMap((file) =>
  importsOf(file)
    .filter((module) => module.startsWith("."))
    .map((module) => ({ file, target: relative(repository, resolve(repository, dirname(file), module)) }))
    .filter(({ target }) => roomOf(target) !== roomOf(file))
)

/** Which rooms a room may know. The rims (cli, collector) tie everything together. */
const mayKnow: { readonly [room: string]: ReadonlyArray<string> } = {
  wire: [],
  domain: ["wire"],
  machine: ["wire", "domain"],
  span: ["wire", "domain", "machine"],
  // Bundles are also made of spans (`tracer record`).
  bundle: ["wire", "domain", "span"],
  source: ["wire", "bundle"],
  sink: ["wire", "span"],
  pipeline: ["wire", "domain", "machine", "span", "source"],
  hook: [],
  settings: ["hook", "span"],
  setup: ["hook", "settings", "sink", "collector"],
  collector: ["hook", "settings", "source", "pipeline", "span", "sink"],
  cli: ["wire", "bundle", "span", "source", "sink", "pipeline", "hook", "settings", "setup", "collector"]
}

/** The vocabulary that rooms on either side of the fold share: types, no behaviour. */
const vocabulary: ReadonlySet<string> = new Set(["src/span/span.ts", "src/span/model-input.ts"])

/** The build's stamp, and how the process itself runs: below every room. They import node's own alone. */
const outsideRooms: ReadonlySet<string> = new Set(["src/version.ts", "src/engine.ts"])

const violations = (files: ReadonlyArray<string>, pattern: RegExp): ReadonlyArray<string> =>
  files.flatMap((file) =>
    textOf(file)
      .split("\n")
      .flatMap((line, index) =>
        !/^\s*(?:\*|\/\/|\/\*)/.test(line) && pattern.test(line) ? [`${file}:${index + 1} ${line.trim()}`] : []
      )
  )

/** What people read. One that is gone fails every test about documents. */
const documents = ["README.md", "CHANGELOG.md", ...filesUnder("docs", ".md"), "bench/README.md", "test/lab/README.md"]

const inRoom = (...rooms: ReadonlyArray<string>) => sources.filter((file) => rooms.includes(roomOf(file) ?? ""))

describe("imports", () => {
  test("every room is in the plan, and every room in the plan exists", () => {
    const rooms = new Set(sources.flatMap((file) => roomOf(file) ?? []))
    expect([...rooms].sort()).toEqual(Object.keys(mayKnow).sort())
  })

  test("run one way: wire ← domain ← machine ← span ← sink, tied together by pipeline, collector and cli", () => {
    const wrong = crossings.filter(({ file, target }) => {
      const [from, to] = [roomOf(file), roomOf(target)]
      if (from === undefined || vocabulary.has(target) || outsideRooms.has(target)) return false
      return to === undefined || !(mayKnow[from] ?? []).includes(to)
    })
    expect(wrong.map(({ file, target }) => `${file} imports ${target}`)).toEqual([])
  })

  test("of the shared vocabulary bring no behaviour of their room along", () => {
    for (const file of vocabulary) {
      const known = importsOf(file).map((module) => relative(repository, resolve(repository, dirname(file), module)))
      expect(
        known.filter((target) => !["wire", "domain"].includes(roomOf(target) ?? "") && !vocabulary.has(target))
      ).toEqual([])
    }
  })

  test("of the machine and of the dictionary reach no library, no clock and no disk", () => {
    const foreign = inRoom("machine", "domain").flatMap((file) =>
      importsOf(file).flatMap((module) => (module.startsWith(".") ? [] : [`${file} imports ${module}`]))
    )
    expect(foreign).toEqual([])
    const impure =
      /\bDate\.now\b|\bnew Date\(|\bMath\.random\b|\bperformance\.|\bprocess\.|\bconsole\.|\bfetch\(|\bBun\./
    expect(violations(inRoom("machine", "domain"), impure)).toEqual([])
  })

  test("of the machine know no class and no exception", () => {
    const foreign = /\bclass \w|\bthrow\b|\btry \{|\bJSON\.parse\b|\bsetTimeout\b|\basync\b|\bawait\b/
    expect(violations(inRoom("machine"), foreign)).toEqual([])
  })

  test("of the core use node only where bytes are hashed or told to be text", () => {
    const used = inRoom("wire", "domain", "machine", "span").flatMap((file) =>
      importsOf(file).flatMap((module) => (module.startsWith("node:") ? [`${file} ${module}`] : []))
    )
    const known = [
      "src/span/ids.ts node:crypto",
      "src/span/images.ts node:crypto",
      "src/wire/bundle/json-plain.ts node:buffer",
      "src/wire/bundle/json-spans.ts node:buffer",
      "src/wire/bundle/json.ts node:buffer"
    ]
    expect(used.filter((one) => !known.includes(one))).toEqual([])
  })

  test("of the hook's path are node's own and the hook's: it starts as fast as an empty program", () => {
    const foreign = inRoom("hook").flatMap((file) =>
      importsOf(file).flatMap((module) =>
        /^(?:node:|\.\/|\.\.\/version\.ts$)/.test(module) ? [] : [`${file} imports ${module}`]
      )
    )
    expect(foreign).toEqual([])
    const main = textOf("src/main.ts")
    expect([...main.matchAll(/^import .*/gm)].map(([line]) => line)).toEqual([])
    expect(main).toContain("await import(")
  })
})

describe("the short way into reduce", () => {
  test("loads neither effect nor another library", () => {
    const seen = new Set<string>()
    const load = (file: string): void => {
      if (seen.has(file)) return
      seen.add(file)
      for (const module of importsOf(file)) {
        if (module.startsWith(".")) load(relative(repository, resolve(repository, dirname(file), module)))
        else seen.add(module)
      }
    }
    load("src/cli/reduce-door.ts")
    expect(seen).toContain("src/bundle/reducer/rules.ts")
    const libraries = [...seen].filter((module) => !module.startsWith("src/"))
    expect(libraries.filter((module) => !/^node:(?:fs|path|buffer)$/.test(module))).toEqual([])
  })
})

describe("files", () => {
  test("have at most 400 lines", () => {
    const long = allCode.map((file) => `${textOf(file).split("\n").length - 1} ${file}`)
    expect(long.filter((one) => Number.parseInt(one, 10) > 400)).toEqual([])
  })

  test("open with a comment that says what they own", () => {
    // A test's or a scenario's first words are its name.
    const owners = allCode.filter((file) => !/\.test\.ts$|^test\/lab\/scenarios\//.test(file))
    const silent = owners.filter((file) => !/^(?:#!.*\n)?(?:\/\*\*|\/\/)/.test(textOf(file)))
    expect(silent).toEqual([])
  })

  test("are named by what they hold, with the glossary's words", () => {
    const banned = /(?:^|[-_.])(?:utils?|helpers?|manager|info|common|misc|data)(?:[-_.]|$)/i
    expect(allCode.filter((file) => banned.test(basename(file, ".ts")))).toEqual([])
  })

  test("leave nothing for later, and name no path of the checkout they were written in", () => {
    const later = new RegExp(`\\b(?:${["TO", "DO"].join("")}|${["FIX", "ME"].join("")})\\b`)
    const found = [...allCode, ...documents].filter(
      (file) => later.test(textOf(file)) || textOf(file).includes(repository)
    )
    expect(found).toEqual([])
  })
})

describe("documents", () => {
  const manifest = JSON.parse(textOf("package.json"))

  test("link to files that exist", () => {
    const broken = documents.flatMap((path) =>
      [...textOf(path).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].flatMap(([, link = ""]) =>
        existsSync(resolve(repository, dirname(path), link)) ? [] : [`${path} → ${link}`]
      )
    )
    expect(broken).toEqual([])
  })

  test("that the code refers to exist, with the section that is named", () => {
    const references = allCode.flatMap((file) =>
      [...textOf(file).matchAll(/\b((?:docs|bench|test)\/[\w./-]+\.md)(?:, "([^"\n]+)")?/g)].map(
        ([, document = "", section]) => ({ file, document, section })
      )
    )
    expect(references.length).toBeGreaterThan(5)
    const missing = references.filter(({ document, section }) => {
      if (!existsSync(join(repository, document))) return true
      return (
        section !== undefined &&
        !textOf(document)
          .split("\n")
          .some((line) => /^#+ /.test(line) && line.endsWith(` ${section}`))
      )
    })
    expect(missing).toEqual([])
  })

  test("name npm scripts that exist", () => {
    const unknown = documents.flatMap((path) =>
      [...textOf(path).matchAll(/(?:^|`|&& )npm (?:run )?([a-z][a-z:]*)/gm)].flatMap(([, script = ""]) =>
        script in manifest.scripts || ["install", "ci", "i", "pack"].includes(script)
          ? []
          : [`${path}: npm run ${script}`]
      )
    )
    expect(unknown).toEqual([])
  })

  test("of the architecture fit on a few screens and name files that exist", () => {
    const text = textOf("docs/ARCHITECTURE.md")
    expect(text.split("\n").length).toBeLessThanOrEqual(200)
    const paths = [...text.matchAll(/`?((?:src|test|bench|docs)\/[\w./*-]*)`?/g)].map(([, path = ""]) => path)
    const missing = paths.filter(
      (path) => !path.includes("*") && !existsSync(join(repository, path.replace(/[.]$/, "")))
    )
    expect(missing).toEqual([])
    const names = [...text.matchAll(/`?([a-z][a-z-]+(?:\.test)?\.ts)`?/g)].map(([, name = ""]) => name)
    const known = new Set(allCode.map((file) => basename(file)))
    expect(names.length).toBeGreaterThan(20)
    expect(names.filter((name) => !known.has(name) && !known.has(`project-${name}`))).toEqual([])
  })

  test("of the glossary are tables of words and what they are not", () => {
    const rows = textOf("docs/GLOSSARY.md")
      .split("\n")
      .filter((line) => line.startsWith("|"))
    expect(rows.length).toBeGreaterThan(10)
    expect(rows.filter((row) => row.split("|").length !== 5)).toEqual([])
  })
})

describe("the README", () => {
  /** Calls of the product in its code blocks: subcommand and flags. */
  const calls = [...textOf("README.md").matchAll(/^(?:\s*\w+=\S+ )*tracer\b([^|#\n]*)/gm)].map(([, rest = ""]) => {
    const words = rest.trim().split(/\s+/)
    const command = /^[a-z]+$/.test(words[0] ?? "") ? words[0] : undefined
    return { command, flags: words.filter((word) => word.startsWith("--")) }
  })

  test("shows commands and flags that the product has", async () => {
    expect(calls.length).toBeGreaterThan(5)
    const withFlags = new Set(calls.flatMap(({ command, flags }) => (flags.length > 0 ? [command] : [])))
    const read = async (command: string | undefined) => {
      const { stdout } = await run([...(command === undefined ? [] : [command]), "--help"])
      return [command, stdout] as const
    }
    const help = new Map(await Promise.all([...withFlags.add(undefined)].map(read)))
    for (const { command, flags } of calls) {
      if (command !== undefined) expect(help.get(undefined)).toMatch(new RegExp(`^  ${command} `, "m"))
      const unknown = flags.filter((flag) => help.get(command)?.includes(`${flag} `) !== true)
      expect({ command, unknown }).toEqual({ command, unknown: [] })
    }
  }, 30_000)
})
