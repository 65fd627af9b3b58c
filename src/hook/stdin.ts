/**
 * Standard input of a hook, whole. Codex writes it and closes it before we have started, so it is taken without waiting
 * (0.5 ms less than the runtime's stream); what is not there yet is waited for, but not for ever.
 */
import { closeSync, constants, openSync, readSync } from "node:fs"

/** Codex closes stdin at once; a stdin that somebody holds open is given up after this. */
const waitMsMax = 2000
/** As for a transcript's line; what has no end (`/dev/zero`) is given up here. */
const bytesMax = 256 * 1024 * 1024
const chunkBytes = 64 * 1024

interface Taken {
  readonly chunks: Array<Uint8Array>
  bytes: number
}

/** Adds a chunk; answers whether more may come. */
const add = (taken: Taken, chunk: Uint8Array): boolean => {
  taken.chunks.push(chunk)
  taken.bytes += chunk.length
  return taken.bytes <= bytesMax
}

/** Takes what is there; answers whether that was all. */
const takeAtOnce = (taken: Taken): boolean => {
  let descriptor: number | undefined
  try {
    // A descriptor of our own, which never waits. A socket, and other systems than Linux, have none.
    descriptor = openSync("/proc/self/fd/0", constants.O_RDONLY | constants.O_NONBLOCK)
    for (;;) {
      const chunk = Buffer.allocUnsafe(chunkBytes)
      const bytes = readSync(descriptor, chunk, 0, chunkBytes, null)
      if (bytes === 0 || !add(taken, chunk.subarray(0, bytes))) return true
    }
  } catch {
    return false // Nothing more for now (EAGAIN), or not to be had in this way.
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

const takeRest = async (taken: Taken): Promise<void> => {
  for await (const chunk of Bun.stdin.stream()) if (!add(taken, chunk)) return
}

/** The whole of stdin, or what came until the time was over. */
export const readStdin = async (): Promise<string> => {
  const taken: Taken = { chunks: [], bytes: 0 }
  if (!takeAtOnce(taken)) await Promise.race([takeRest(taken), Bun.sleep(waitMsMax)])
  return new TextDecoder().decode(Buffer.concat(taken.chunks))
}
