/** A folder for one test file, removed at its end. */
import { afterAll } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

export const testFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "tracer-collector-"))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
