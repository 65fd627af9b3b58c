/**
 * A bundle as texts, so that a mutation is a small change of a value; and the directory that holds one at a time.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"

export interface BundleTexts {
  readonly manifest: string
  readonly lines: ReadonlyArray<string>
  /** What follows the last line: a newline in a whole log. */
  readonly ending: string
  readonly payloads: ReadonlyMap<string, string>
}

/** Reads a bundle directory. */
export const loadTexts = (directory: string): BundleTexts => {
  const log = readFileSync(join(directory, "trace.jsonl"), "utf8")
  const folder = join(directory, "payloads")
  return {
    manifest: readFileSync(join(directory, "manifest.json"), "utf8"),
    lines: log.replace(/\n$/, "").split("\n"),
    ending: log.endsWith("\n") ? "\n" : "",
    payloads: new Map(readdirSync(folder).map((name) => [`payloads/${name}`, readFileSync(join(folder, name), "utf8")]))
  }
}

/** A directory that holds one bundle after another; only what differs from the last one is written. */
export class BundleSlot {
  readonly directory: string
  private readonly onDisk = new Map<string, string>()

  constructor(directory: string) {
    this.directory = directory
    rmSync(directory, { recursive: true, force: true })
    mkdirSync(join(directory, "payloads"), { recursive: true })
  }

  put(texts: BundleTexts): void {
    const files = new Map(texts.payloads)
    files.set("manifest.json", texts.manifest)
    files.set("trace.jsonl", texts.lines.join("\n") + (texts.lines.length === 0 ? "" : texts.ending))
    for (const path of this.onDisk.keys()) {
      if (files.has(path)) continue
      rmSync(join(this.directory, path), { force: true })
      this.onDisk.delete(path)
    }
    for (const [path, content] of files) {
      if (this.onDisk.get(path) === content) continue
      mkdirSync(dirname(join(this.directory, path)), { recursive: true })
      writeFileSync(join(this.directory, path), content)
      this.onDisk.set(path, content)
    }
  }
}
