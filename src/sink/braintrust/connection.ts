/**
 * The way to Braintrust through its SDK: login, project, the size limit, and one request of rows at a time.
 *
 * Uses the SDK's connections and overflow upload only; its span logger drops rows when it gives up. Everything is told
 * to the SDK explicitly, so that neither the process' environment nor a file of the working directory has a say: the
 * settings are the session's. The SDK is loaded when the first rows are to be sent.
 */
import { Effect } from "effect"
import type { JsonObject } from "../../wire/json.ts"
import { SinkFailed } from "../failure.ts"
import { boundedFetch, failureOf } from "./answer.ts"
import type { OuterSpan } from "./row.ts"
import type { BraintrustSettings } from "./settings.ts"

type Sdk = typeof import("braintrust")
type State = InstanceType<Sdk["BraintrustState"]>
type Http = ReturnType<State["apiConn"]>

export interface Connection {
  /** The JSON members that every row needs: `"project_id":"…","log_id":"g"`. */
  readonly destination: string
  /** The largest request body the backend takes, where it says so. */
  readonly bytesMax: number | undefined
  /** Posts one body of `/logs3`; the answer was a success and JSON. */
  readonly post: (body: string) => Effect.Effect<void, SinkFailed>
  /** Posts the body of one row that is larger than `bytesMax`, by way of a signed upload. */
  readonly postLarge: (body: string, row: JsonObject) => Effect.Effect<void, SinkFailed>
}

/**
 * Unless both are set, the SDK looks for `.env.braintrust` from the working directory upwards, at its import and at
 * each new state: a repository could then name the environment of its traces.
 */
const environmentVariables = ["BRAINTRUST_ENVIRONMENT_TYPE", "BRAINTRUST_ENVIRONMENT_NAME"] as const

const guardEnvironment = (): (() => void) => {
  const before = environmentVariables.map((name) => [name, process.env[name]] as const)
  for (const name of environmentVariables) process.env[name] ||= "tracer"
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  }
}

let loading: Promise<Sdk> | undefined

const loadSdk = (): Promise<Sdk> => {
  if (loading === undefined) {
    const restore = guardEnvironment()
    loading = import("braintrust").finally(restore)
  }
  return loading
}

const stateOf = (sdk: Sdk, settings: BraintrustSettings, apiUrl: string, timeoutMs: number): State => {
  const restore = guardEnvironment()
  try {
    return sdk.BraintrustState.deserialize(
      {
        appUrl: settings.appUrl,
        appPublicUrl: settings.appUrl,
        orgName: settings.orgName ?? "",
        apiUrl,
        proxyUrl: "",
        loginToken: settings.apiKey
      },
      { noExitFlush: true, fetch: boundedFetch(timeoutMs) }
    )
  } finally {
    restore()
  }
}

/** Unpacks `span.export()`: what the rows hang under and where they go. */
export const outerSpanOf = (slug: string): Effect.Effect<OuterSpan & { readonly target: Target }, SinkFailed> =>
  Effect.tryPromise({
    try: async () => {
      const { SpanComponentsV4 } = await import("braintrust/util")
      const { data } = SpanComponentsV4.fromStr(slug.trim())
      const { span_id: spanId, root_span_id: rootSpanId } = data
      if (!spanId || !rootSpanId) throw new Error("it names no span")
      const id = data.object_id ?? undefined
      const named = data.compute_object_metadata_args?.project_name
      const target: Target | undefined =
        id !== undefined
          ? { _tag: "Known", fields: fieldsOf(data.object_type, id) }
          : data.object_type === 2 && typeof named === "string"
            ? { _tag: "ProjectNamed", name: named }
            : undefined
      if (target === undefined) throw new Error("it names its experiment or playground by name only")
      return { rootSpanId, spanId, propagated: (data.propagated_event ?? {}) as JsonObject, target }
    },
    catch: (cause) =>
      new SinkFailed({
        sink: "braintrust",
        retry: "permanent",
        reason: `could not read the exported parent span: ${cause instanceof Error ? cause.message : String(cause)}`,
        hint: "TRACER_PARENT takes what span.export() returned, unchanged",
        cause
      })
  })

/** Where rows go. */
export type Target =
  | { readonly _tag: "Known"; readonly fields: { readonly [field: string]: string } }
  | { readonly _tag: "ProjectNamed"; readonly name: string }

/** Object types of an exported span: 1 experiment, 2 project logs, 3 playground. */
const fieldsOf = (objectType: number, id: string): { readonly [field: string]: string } => {
  if (objectType === 1) return { experiment_id: id }
  if (objectType === 3) return { prompt_session_id: id, log_id: "x" }
  return { project_id: id, log_id: "g" }
}

export const projectTarget = (settings: BraintrustSettings): Target =>
  settings.projectId === undefined
    ? { _tag: "ProjectNamed", name: settings.project }
    : { _tag: "Known", fields: fieldsOf(2, settings.projectId) }

interface Ask {
  /** As the end of "could not …". */
  readonly what: string
  readonly url: string
  readonly carriesRows: boolean
}

const ask = <A>({ what, url, carriesRows }: Ask, run: (signal: AbortSignal) => Promise<A>) =>
  Effect.tryPromise({ try: run, catch: (cause) => failureOf(cause, what, url, carriesRows) })

const permanent = (reason: string, hint: string) =>
  new SinkFailed({ sink: "braintrust", retry: "permanent", reason, hint })

/** The data plane's address: given, or told by the login of this key. */
const apiUrlOf = (sdk: Sdk, settings: BraintrustSettings, timeoutMs: number): Effect.Effect<string, SinkFailed> => {
  if (settings.apiUrl !== undefined) return Effect.succeed(settings.apiUrl)
  const url = settings.appUrl
  return ask({ what: "log in", url, carriesRows: false }, async (signal) => {
    const app = stateOf(sdk, settings, url, timeoutMs).appConn()
    const answer: unknown = await (await app.post("api/apikey/login", {}, { signal })).json()
    return (answer as { readonly org_info?: ReadonlyArray<{ readonly name: string; readonly api_url: string }> })
      .org_info
  }).pipe(
    Effect.flatMap((organizations) => {
      const names = organizations?.map((organization) => organization.name) ?? []
      const chosen =
        settings.orgName === undefined
          ? organizations?.[0]
          : organizations?.find((organization) => organization.name === settings.orgName)
      if (chosen !== undefined) return Effect.succeed(chosen.api_url)
      return settings.orgName === undefined
        ? permanent("this API key belongs to no organisation", "make a key under Settings, API keys")
        : permanent(
            `this API key is not of the organisation ${settings.orgName}`,
            `BRAINTRUST_ORG_NAME can be ${names.join(", ")}`
          )
    })
  )
}

/**
 * Logs in as far as needed and finds the destination. Nothing is cached on failure: the next try starts again.
 * `timeoutMs` is for one request, its answer included.
 */
export const connect = (
  settings: BraintrustSettings,
  target: Target,
  timeoutMs: number
): Effect.Effect<Connection, SinkFailed> =>
  Effect.gen(function* () {
    const sdk = yield* Effect.promise(loadSdk)
    const url = yield* apiUrlOf(sdk, settings, timeoutMs)
    const api: Http = stateOf(sdk, settings, url, timeoutMs).apiConn()
    const headers = settings.orgName === undefined ? {} : { "x-bt-org-name": settings.orgName }
    const fields =
      target._tag === "Known"
        ? target.fields
        : yield* ask({ what: `find the project ${target.name}`, url, carriesRows: false }, async (signal) => {
            const named = {
              name: target.name,
              ...(settings.orgName !== undefined && { org_name: settings.orgName })
            }
            const answer: unknown = await (await api.post("v1/project", named, { signal, headers })).json()
            const { id } = answer as { readonly id?: unknown }
            if (typeof id !== "string") throw new Error("the answer has no project id")
            return fieldsOf(2, id)
          })
    // Without a limit told, what is too large is found out by sending it.
    const bytesMax = yield* ask({ what: "read the limits", url, carriesRows: false }, async (signal) => {
      const answer: unknown = await (await api.get("version", {}, { signal, headers })).json()
      const max = (answer as { readonly logs3_payload_max_bytes?: unknown } | null)?.logs3_payload_max_bytes
      return typeof max === "number" && max > 0 ? max : undefined
    }).pipe(Effect.orElseSucceed(() => undefined))

    const post = (body: string) =>
      ask({ what: "send spans", url, carriesRows: true }, async (signal) => {
        await (await api.post("logs3", body, { signal, headers })).json()
      })
    return {
      destination: JSON.stringify(fields).slice(1, -1),
      bytesMax,
      post,
      postLarge: (body, row) =>
        ask({ what: "upload spans", url, carriesRows: true }, async (signal) => {
          const bytes = Buffer.byteLength(body)
          const object_ids = sdk.pickLogs3OverflowObjectIds({ ...row, ...fields })
          const rows = [{ object_ids, input_row: { byte_size: bytes } }]
          const request = { content_type: "application/json", size_bytes: bytes, rows }
          const answer: unknown = await (await api.post("logs3/overflow", request, { signal, headers })).json()
          return sdk.logs3OverflowUploadSchema.parse(answer)
        }).pipe(
          Effect.tap((upload) =>
            Effect.tryPromise({
              try: () => sdk.uploadLogs3OverflowPayload(upload, body, boundedFetch(timeoutMs)),
              // Whatever the storage says, a new signed address may work: it is never about the key.
              catch: (cause) => {
                const { reason } = failureOf(cause, "upload spans", new URL(upload.signedUrl).origin, false)
                return new SinkFailed({ sink: "braintrust", retry: "transient", reason, cause })
              }
            })
          ),
          Effect.flatMap((upload) => post(JSON.stringify(sdk.constructLogs3OverflowRequest(upload.key))))
        )
    }
  })
