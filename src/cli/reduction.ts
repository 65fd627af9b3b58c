/**
 * What `tracer reduce` does, however its command line was read (reduce.ts, or the short way of reduce-door.ts).
 *
 * Ties the reducer to files and to standard output: the state is written beside the bundle or where `-o` says, and the
 * path is printed, as `codex debug trace-reduce` does. `--check` writes nothing. Nothing here
 * loads effect: a bundle of a thousand events is reduced in less time than that takes.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { differences } from "../bundle/compare.ts"
import { type Features, generationOf, generationsOf, UnknownGeneration } from "../bundle/generation.ts"
import { type Bundle, openBundle } from "../bundle/open.ts"
import { stateText } from "../bundle/print.ts"
import { type ReducedTrace, reduceBundle } from "../bundle/reduce.ts"
import { BundleRefused, type LeftOut, placeText } from "../bundle/refusal.ts"
import { makeMemoryKeeper, reductionLimits } from "../collector/memory.ts"
import { type JsonValue, readJson } from "../wire/bundle/json.ts"
import type { Wanted } from "./reduce-door.ts"
import { exitCodes } from "./told.ts"

/** Where the words go. */
export interface Speech {
  readonly log: (text: string) => void
  readonly error: (text: string) => void
}

/** Whether all of the bundle is in what was written or compared, and the same. */
export type Outcome = "whole" | "incomplete"

const stateName = "state.json"

/** The state could not be written, or the one to compare with could not be read. */
export class StateFile extends Error {
  readonly _tag = "StateFile"
  readonly place: string
  readonly hint: string
  constructor(file: string, doing: "written" | "read", cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    // Which call failed, on our temporary file, is of no use to the user.
    super(`the state cannot be ${doing}: ${reason.replace(/, (?:open|write|rename)\b.*$/s, "")}`)
    this.place = file
    this.hint =
      doing === "written"
        ? "name another file with -o"
        : "--check compares with the state.json that codex debug trace-reduce wrote into the bundle"
  }
}

/** What was named is no folder: there is nothing that could be a bundle. */
export class NoFolder extends Error {
  readonly _tag = "NoFolder"
  readonly place: string
  readonly hint = "name the directory that holds manifest.json and trace.jsonl"
  constructor(place: string, isThere: boolean) {
    super(isThere ? "a bundle is a folder, and this is none" : "there is no such folder")
    this.place = place
  }
}

/** Whether an error tells of wrong use: the command line named what is not there. */
export const isWrongReduction = (error: unknown): error is NoFolder | UnknownGeneration =>
  error instanceof NoFolder || error instanceof UnknownGeneration

export type Expected = BundleRefused | StateFile | NoFolder | UnknownGeneration

/** Whether an error is one that a reduction tells of; any other is a fault of ours. */
export const isExpected = (error: unknown): error is Expected =>
  error instanceof BundleRefused || error instanceof StateFile || isWrongReduction(error)

/** The exit code of an error that is expected. */
export const exitCodeOf = (error: unknown): number =>
  isWrongReduction(error) ? exitCodes.wrongUse : exitCodes.incomplete

const keepMemory = makeMemoryKeeper(reductionLimits)
/** Lines between two looks at the memory, each of which costs what a line does. */
const linesBetweenLooks = 64
let linesUntilLook = linesBetweenLooks

const keepSmall = (): void => {
  if (--linesUntilLook > 0) return
  linesUntilLook = linesBetweenLooks
  keepMemory()
}

const writePieces = (path: string, pieces: Iterable<string>): void => {
  const descriptor = fs.openSync(path, "w")
  try {
    for (const piece of pieces) {
      writeAll(descriptor, piece)
      keepMemory()
    }
  } finally {
    fs.closeSync(descriptor)
  }
}

/** Writes into a new file, which takes the place of the old one when it is whole: never half a state under its name. */
const replaceFile = (file: string, pieces: Iterable<string>): void => {
  const temporary = `${file}.${process.pid}.part`
  try {
    writePieces(temporary, pieces)
    fs.renameSync(temporary, file)
  } catch (error) {
    fs.rmSync(temporary, { force: true })
    throw error
  }
}

/** Writes the state to where it was asked for: of a link what it points to, and a device or a pipe stays what it is. */
const writeState = (file: string, pieces: Iterable<string>): void => {
  try {
    const there = fs.statSync(file, { throwIfNoEntry: false })
    if (there === undefined) replaceFile(file, pieces)
    else if (there.isFile()) replaceFile(fs.realpathSync(file), pieces)
    else writePieces(file, pieces)
  } catch (error) {
    throw new StateFile(file, "written", error)
  }
}

/** Milliseconds between tries where the reader of a non-blocking pipe (a parent's choice, not ours) is behind. */
const fullPipeMs = 2

/** Pieces are encoded into one buffer; a longer one gets its own. */
const pieceBytes = 1 << 18
let pieceBuffer: Buffer | undefined

const encoded = (text: string): Buffer => {
  if (text.length * 3 > pieceBytes) return Buffer.from(text)
  pieceBuffer ??= Buffer.allocUnsafeSlow(pieceBytes)
  return pieceBuffer.subarray(0, pieceBuffer.write(text))
}

const writeAll = (descriptor: number, text: string): void => {
  const bytes = encoded(text)
  for (let at = 0; at < bytes.length; ) {
    try {
      at += fs.writeSync(descriptor, bytes, at)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error
      Bun.sleepSync(fullPipeMs)
    }
  }
}

/** To standard output; a reader that leaves has seen enough. */
const printState = (pieces: Iterable<string>): void => {
  try {
    for (const piece of pieces) writeAll(1, piece)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPIPE") throw new StateFile("standard output", "written", error)
  }
}

const readState = (file: string): { readonly text: string; readonly value: JsonValue } => {
  try {
    const bytes = fs.readFileSync(file)
    return { text: bytes.toString("utf8"), value: readJson(bytes) }
  } catch (error) {
    throw new StateFile(file, "read", error)
  }
}

const differencesShownMax = 100

const textOf = ({ trace }: ReducedTrace): string => [...stateText(trace)].join("")

/** Another release whose reducer makes just this state of the bundle; a bundle does not say which one wrote it. */
const releaseThatWrote = (bundle: Bundle, schema: 1 | 2, text: string): string | undefined =>
  generationsOf(schema).find(({ features }) => {
    try {
      return textOf(reduceBundle(bundle, { as: features })) === text
    } catch (error) {
      if (error instanceof BundleRefused) return false
      throw error
    }
  })?.version

const compareStates = (
  bundle: Bundle,
  reduced: ReducedTrace,
  file: string,
  isGenerationNamed: boolean,
  speech: Speech
): Outcome => {
  const theirs = readState(file)
  const ours = textOf(reduced)
  const other =
    ours === theirs.text || isGenerationNamed
      ? undefined
      : releaseThatWrote(bundle, reduced.trace.schema_version, theirs.text)
  if (ours === theirs.text || other !== undefined) {
    speech.log(`${file} is what the bundle reduces to${other === undefined ? "" : ` with --as ${other}`}`)
    return "whole"
  }
  let count = 0
  for (const difference of differences(readJson(Buffer.from(ours)), theirs.value)) {
    if (++count > differencesShownMax) continue
    const { path: where, ours: here = "nothing", theirs: there = "nothing" } = difference
    speech.log(`${where}: the bundle gives ${here}, the file has ${there}`)
  }
  if (count > differencesShownMax) speech.log(`… and ${count - differencesShownMax} more`)
  if (count === 0) speech.log(`${file} has the same values in another form`)
  return "incomplete"
}

const leftOutText = ({ file, place, what }: LeftOut): string =>
  `  ${place === undefined ? "at the end" : placeText(place)}: ${what}${file === undefined ? "" : ` (${file})`}`

const featuresNamed = (version: string): Features => {
  const features = generationOf(version)
  if (features === undefined) throw new UnknownGeneration(version)
  return features
}

/** Whether there is a folder, something else, or nothing; a place that we may not see is for the reading to refuse. */
const thereIs = (place: string): "a folder" | "something else" | "nothing" => {
  try {
    return fs.statSync(place).isDirectory() ? "a folder" : "something else"
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === "ENOENT" || code === "ENOTDIR" ? "nothing" : "a folder"
  }
}

const folderNamed = (place: string): string => {
  const found = thereIs(place)
  if (found !== "a folder") throw new NoFolder(place, found === "something else")
  return place
}

/** Reduces a bundle and says what was left out. Throws errors that are expected (above). */
export const reduceWanted = (wanted: Wanted, speech: Speech) => {
  const features = wanted.as === undefined ? undefined : featuresNamed(wanted.as)
  const bundle = openBundle(folderNamed(wanted.bundle))
  const reduced = reduceBundle(bundle, {
    lenient: wanted.lenient,
    afterLine: keepSmall,
    ...(features !== undefined && { as: features })
  })
  if (reduced.leftOut.length > 0) {
    speech.error(["tracer: left out or not in order:", ...reduced.leftOut.map(leftOutText)].join("\n"))
  }
  return { bundle, reduced }
}

/** Reduces a bundle and writes its state, or compares it. Throws errors that are expected (above). */
export const writeReduction = (wanted: Wanted, speech: Speech): Outcome => {
  const { bundle, reduced } = reduceWanted(wanted, speech)
  const inBundle = path.join(wanted.bundle, stateName)
  const file = wanted.output ?? inBundle
  let outcome: Outcome = "whole"
  if (wanted.check) outcome = compareStates(bundle, reduced, inBundle, wanted.as !== undefined, speech)
  else if (file === "-") printState(stateText(reduced.trace))
  else {
    writeState(file, stateText(reduced.trace))
    speech.log(file)
  }
  return reduced.leftOut.length > 0 ? "incomplete" : outcome
}
