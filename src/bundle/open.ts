/**
 * A bundle's directory: the manifest, the lines of the event log in order, and its payload files.
 *
 * Owns the rim between files and the reducer, and the one rule that is stricter than Codex's: a path in a bundle
 * never leaves the bundle, by `..`, as an absolute path or over a link. The log is read in chunks, a payload when it
 * is asked for. Leaves out what anything means. Lines count from 1.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { Malformed } from "../wire/bundle/fields.ts"
import { JsonFault, readJson } from "../wire/bundle/json.ts"
import { type Manifest, manifestFields, manifestKeys } from "../wire/bundle/manifest.ts"
import { BundleRefused, Refusal } from "./refusal.ts"

export const manifestName = "manifest.json"
export const logName = "trace.jsonl"

/** A line of the event log, without its line end. The bytes are valid until the next line is asked for. */
export interface LogLine {
  readonly number: number
  readonly bytes: Uint8Array
  /** The line ends with a newline: it was written whole. */
  readonly ended: boolean
}

/** Reads a payload file by the path that a reference gives; throws `Refusal`. Valid until the next call. */
export type PayloadFiles = (file: string) => Uint8Array

export interface Bundle {
  /** As the user named it. */
  readonly name: string
  readonly manifest: Manifest
  /** Reads the log from its start, each time. Throws `Refusal` if it cannot be opened. */
  readonly lines: () => Iterable<LogLine>
  readonly payload: PayloadFiles
}

/**
 * Opens a bundle directory: its manifest is read and typed, the log and the payloads are not touched yet. Throws
 * `BundleRefused`.
 */
export const openBundle = (directory: string): Bundle => ({
  name: directory,
  manifest: readManifest(directory),
  lines: () => logLines(path.join(directory, logName)),
  payload: payloadFiles(directory)
})

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const readManifest = (directory: string): Manifest => {
  try {
    const bytes = fs.readFileSync(path.join(directory, manifestName))
    return manifestFields(readJson(bytes, manifestKeys, "loosely"))
  } catch (error) {
    throw new BundleRefused({ bundle: directory, rule: "manifest", what: reason(error), file: manifestName })
  }
}

/** Whether the error says that bytes were no JSON, or JSON of another form. */
export const isUnreadable = (error: unknown): error is JsonFault | Malformed =>
  error instanceof JsonFault || error instanceof Malformed

const chunkBytes = 1 << 18

/** The lines of a file, read in chunks; a line longer than a chunk grows the buffer for its time. */
export function* logLines(file: string): Generator<LogLine> {
  let descriptor: number
  try {
    descriptor = fs.openSync(file, "r")
  } catch (error) {
    throw new Refusal("log", `the event log cannot be opened: ${reason(error)}`, logName)
  }
  try {
    let buffer = Buffer.allocUnsafe(chunkBytes)
    let filled = 0
    let number = 0
    while (true) {
      if (filled === buffer.length) buffer = Buffer.concat([buffer], buffer.length * 2)
      const read = fs.readSync(descriptor, buffer, filled, buffer.length - filled, null)
      if (read === 0) break
      const scanFrom = filled
      filled += read
      let start = 0
      for (
        let newline = buffer.subarray(0, filled).indexOf(10, scanFrom);
        newline >= 0;
        newline = buffer.subarray(0, filled).indexOf(10, start)
      ) {
        yield { number: ++number, bytes: buffer.subarray(start, withoutReturn(buffer, start, newline)), ended: true }
        start = newline + 1
      }
      buffer.copyWithin(0, start, filled)
      filled -= start
    }
    if (filled > 0) yield { number: ++number, bytes: buffer.subarray(0, filled), ended: false }
  } finally {
    fs.closeSync(descriptor)
  }
}

const withoutReturn = (buffer: Buffer, start: number, newline: number): number =>
  newline > start && buffer[newline - 1] === 13 ? newline - 1 : newline

const usualName = /^payloads\/\w+\.json$/
const openFlags = fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK

/** A reader of the payload files of a bundle, confined to its directory. */
export const payloadFiles = (directory: string): PayloadFiles => {
  let root: string | undefined
  const usualFolder = path.join(directory, "payloads")
  const foldersInside = new Set<string>()
  let buffer = Buffer.allocUnsafe(chunkBytes)

  const confine = (file: string, real: string): void => {
    root ??= fs.realpathSync(directory)
    if (real !== root && !real.startsWith(root + path.sep)) {
      throw new Refusal("path", "the payload path leads out of the bundle over a link", file)
    }
  }

  /** Where the file is, and its folder; a name as Codex gives it cannot lead anywhere else. */
  const placeOf = (file: string): { readonly full: string; readonly folder: string } => {
    if (usualName.test(file)) return { full: usualFolder + file.slice("payloads".length), folder: usualFolder }
    if (path.isAbsolute(file)) throw new Refusal("path", "the payload path is absolute", file)
    if (file.split(/[\\/]/).includes("..")) throw new Refusal("path", "the payload path contains ..", file)
    const full = path.join(directory, file)
    return { full, folder: path.dirname(full) }
  }

  /** Opens without following a link at the end; one that stays inside the bundle is followed by its real path. */
  const open = (file: string): number => {
    const { folder, full } = placeOf(file)
    if (!foldersInside.has(folder)) {
      confine(file, fs.realpathSync(folder))
      foldersInside.add(folder)
    }
    try {
      return fs.openSync(full, openFlags)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ELOOP") throw error
      const real = fs.realpathSync(full)
      confine(file, real)
      return fs.openSync(real, openFlags)
    }
  }

  return (file) => {
    let descriptor: number | undefined
    try {
      descriptor = open(file)
      let filled = fs.readSync(descriptor, buffer, 0, buffer.length, 0)
      // Only a file that fills the buffer can have more: most payloads are one read.
      while (filled === buffer.length) {
        buffer = Buffer.concat([buffer], buffer.length * 2)
        filled += fs.readSync(descriptor, buffer, filled, buffer.length - filled, filled)
      }
      return buffer.subarray(0, filled)
    } catch (error) {
      if (error instanceof Refusal) throw error
      throw new Refusal("payload", `the payload cannot be read: ${reason(error)}`, file)
    } finally {
      if (descriptor !== undefined) fs.closeSync(descriptor)
    }
  }
}
