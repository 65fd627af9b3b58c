import { expect, test } from "bun:test"
import { readJsonText } from "../../../src/wire/bundle/json.ts"
import { manifestFields, manifestKeys } from "../../../src/wire/bundle/manifest.ts"
import { bundle } from "../../support/bundle.ts"

const whole = bundle().manifest

test("all seven keys are required, further ones are ignored", () => {
  expect(manifestFields(readJsonText(JSON.stringify({ ...whole, more: 1 })))).toEqual(whole as never)
  for (const key of manifestKeys) {
    expect(() => manifestFields(readJsonText(JSON.stringify({ ...whole, [key]: undefined })))).toThrow(key)
  }
})

test("a start before 1970 is one, a version that is no unsigned integer is none", () => {
  const read = (change: object) => manifestFields(readJsonText(JSON.stringify({ ...whole, ...change })))
  expect(read({ started_at_unix_ms: -5 }).started_at_unix_ms).toBe(-5)
  expect(() => read({ schema_version: -1 })).toThrow("schema_version")
})
