/**
 * Standard input of a hook, whole. Codex writes it and closes it before we have started, so it is taken without waiting
 * (0.5 ms less than the runtime's stream); what is not there yet is waited for, but not for ever.
 */
import { closeSync, constants, openSync, readSync } from "node:fs"

/** Codex closes stdin at once; a stdin that somebody holds open is given up after this. */
const waitMsMax = 2000
const chunkBytes = 64 * 1024
/** What has no end (`/dev/zero`) must not be read without looking at the time. */
const atOnceBytesMax = 8 * 1024 * 1024

/** Takes what is there; answers whether that was all. */
const takeAtOnce = (chunks: Array<Uint8Array>): boolean => {
  let descriptor: number | undefined
  try {
    // A descriptor of our own, which never waits. A socket, and other systems than Linux, have none.
    descriptor = openSync("/proc/self/fd/0", constants.O_RDONLY | constants.O_NONBLOCK)
    for (let taken = 0; taken < atOnceBytesMax; ) {
      const chunk = Buffer.allocUnsafe(chunkBytes)
      const bytes = readSync(descriptor, chunk, 0, chunkBytes, null)
      if (bytes === 0) return true
      taken += bytes
      chunks.push(chunk.subarray(0, bytes))
    }
    return false
  } catch {
    return false // Nothing more for now (EAGAIN), or not to be had in this way.
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

const takeRest = async (chunks: Array<Uint8Array>): Promise<void> => {
  for await (const chunk of Bun.stdin.stream()) chunks.push(chunk)
}

/** The whole of stdin, or what came until the time was over. */
export const readStdin = async (): Promise<string> => {
  const chunks: Array<Uint8Array> = []
  if (!takeAtOnce(chunks)) await Promise.race([takeRest(chunks), Bun.sleep(waitMsMax)])
  return new TextDecoder().decode(Buffer.concat(chunks))
}
