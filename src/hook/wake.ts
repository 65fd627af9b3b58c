/**
 * Tells the collector that a hook fired, and starts one where none listens.
 *
 * Nothing is awaited but the connection: what matters is in the journal already. Where a flush is wanted, the answer is
 * awaited, and the caller bounds that. The started process is not the collector yet: it first sees whether another one
 * won the race, and if so only hands the message over (collector/start.ts), so that any number of hooks may start one.
 */
import type { FlushAnswer, FlushMessage, WakeMessage } from "./message.ts"
import { type Environment, socketName } from "./places.ts"

export type Woken = "told" | "started"

/**
 * Variables that a process needs to run, to reach the network and to find files; a session's settings travel in the
 * message.
 */
const processVariables =
  /^(HOME|USER|LOGNAME|PATH|LANG|LC_ALL|TZ|TMPDIR|TEMP|TMP|SYSTEMROOT|USERPROFILE|LOCALAPPDATA|APPDATA|NO_PROXY|HTTPS?_PROXY|ALL_PROXY|NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR)|XDG_(STATE|CONFIG)_HOME|CODEX_HOME|TRACER_(HOME|CONFIG))$/i

/** This executable, or the interpreter with the script while developing. */
export const ownCommand = (): ReadonlyArray<string> =>
  Bun.main.startsWith("/$bunfs/") || Bun.main.includes("~BUN") ? [process.execPath] : [process.execPath, Bun.main]

/** Sends the message to a listening collector. Fails where none listens; for a flush, resolves with its answer. */
export const tell = (message: WakeMessage | FlushMessage): Promise<FlushAnswer | undefined> =>
  new Promise((resolve, reject) => {
    let received = ""
    const text = `${JSON.stringify(message)}\n`
    const bytes = Buffer.byteLength(text)
    let sent = 0
    const send = (socket: Bun.Socket): void => {
      sent += socket.write(sent === 0 ? text : Buffer.from(text).subarray(sent))
      if (sent < bytes) return // The rest goes when it drains.
      socket.flush()
      if (message.type === "wake") socket.end()
    }
    const settle = () => {
      try {
        resolve(received === "" ? undefined : (JSON.parse(received) as FlushAnswer))
      } catch {
        // It hung up in the middle of its answer: as good as none.
        resolve(undefined)
      }
    }
    Bun.connect({
      unix: socketName(process.cwd()),
      socket: {
        open: send,
        drain: (socket) => {
          if (sent < bytes) send(socket)
        },
        data: (socket, bytes) => {
          received += bytes.toString()
          if (received.endsWith("\n")) socket.end()
        },
        close: settle,
        error: (_, cause) => reject(cause),
        connectError: (_, cause) => reject(cause)
      }
    }).catch(reject)
  })

/**
 * Starts a collector in its own process group and session, with the messages on its standard input; the first one says
 * which executable.
 */
export const startCollector = async (
  messages: ReadonlyArray<WakeMessage | FlushMessage>,
  environment: Environment
): Promise<void> => {
  const started = Bun.spawn({
    cmd: [...(messages[0]?.command ?? ownCommand()), "collect", "--woken"],
    cwd: process.cwd(),
    env: Object.fromEntries(Object.entries(environment).filter(([name]) => processVariables.test(name))),
    stdin: "pipe",
    stdout: "ignore",
    stderr: "ignore",
    detached: true,
    windowsHide: true
  })
  for (const message of messages) started.stdin.write(`${JSON.stringify({ ...message, type: "wake" })}\n`)
  await started.stdin.end()
  started.unref()
}

/** Tells the collector, or starts it. Runs in the state folder (`process.chdir`), where the socket is. */
export const wake = async (message: WakeMessage, environment: Environment): Promise<Woken> => {
  try {
    await tell(message)
    return "told"
  } catch {
    // Nobody listens: no collector, or one that died and left its socket.
    await startCollector([message], environment)
    return "started"
  }
}

const connectEveryMs = 20

/** As `wake`, then waits for the collector's answer that all is acknowledged. The caller bounds the time. */
export const flush = async (message: FlushMessage, environment: Environment): Promise<FlushAnswer | undefined> => {
  try {
    return await tell(message)
  } catch {
    // Nobody listens.
    await startCollector([message], environment)
  }
  for (;;) {
    await Bun.sleep(connectEveryMs)
    try {
      return await tell(message)
    } catch {
      // Not listening yet.
    }
  }
}
