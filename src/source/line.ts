/**
 * What every source yields: a line of text and where it stood. No parsing, no meaning.
 */
export interface Line {
  /** The file as the user would name it; `-` for standard input. */
  readonly file: string
  /** Counted from 1. */
  readonly lineNumber: number
  /** Offset of the line's first byte in the file. */
  readonly byteOffset: number
  readonly text: string
  /** Of a bundle's event: the text of the payload files that it refers to, by their id. */
  readonly payloads?: ReadonlyMap<string, string>
}

/** A line that could not be handed on: it is reported and counted, and nothing around it is lost. */
export interface SkippedLine {
  readonly file: string
  readonly lineNumber: number
  readonly byteOffset: number
  readonly reason: string
}

/** What one portion of a file's bytes amounted to. */
export interface LineBatch {
  readonly lines: ReadonlyArray<Line>
  readonly skipped: ReadonlyArray<SkippedLine>
}

/** A place between two lines of a file: reading can go on from here. */
export interface Position {
  /** Number of the line that begins here, counted from 1. */
  readonly lineNumber: number
  readonly byteOffset: number
}

export const fileStart: Position = { lineNumber: 1, byteOffset: 0 }
