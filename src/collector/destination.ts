/**
 * A session's settings in the terms of the rooms around the collector: where a sink sends, what it is opened with, what
 * the fold is told. Sinks read the variables of an environment, so the file's settings are given the same names here.
 */
import { join } from "node:path"
import { Redacted } from "effect"
import type { Environment } from "../hook/places.ts"
import type { FoldOptions } from "../pipeline/fold.ts"
import type { Settings } from "../settings/settings.ts"
import type { Output } from "../sink/output.ts"
import type { SinkContext } from "../sink/sink.ts"
import type { Destination } from "./watermark.ts"

/** The file of the jsonl sink. */
export const jsonlPath = (state: string, settings: Settings): string => settings.jsonlPath ?? join(state, "spans.jsonl")

export const destinationOf = (state: string, settings: Settings, sink: string): Destination => {
  if (sink !== "braintrust") {
    const path = jsonlPath(state, settings)
    return { sink, label: path, address: path }
  }
  const { project, projectId, apiUrl, appUrl, orgName } = settings.braintrust
  const outer = settings.outer?._tag === "ExportedSpan" ? settings.outer.slug : undefined
  return {
    sink,
    label: outer !== undefined ? "the span in `parent`" : `project ${project ?? projectId ?? "(default)"}`,
    address: JSON.stringify([outer ?? [project, projectId], apiUrl, appUrl, orgName])
  }
}

/** The session's environment with the settings that sinks read under the names they know. */
export const sinkEnvironment = (environment: Environment, settings: Settings): Environment => {
  const { apiKey, project, projectId, apiUrl, appUrl, orgName } = settings.braintrust
  const named = {
    BRAINTRUST_API_KEY: apiKey === undefined ? undefined : Redacted.value(apiKey),
    BRAINTRUST_PROJECT: project,
    BRAINTRUST_PROJECT_ID: projectId,
    BRAINTRUST_API_URL: apiUrl,
    BRAINTRUST_APP_URL: appUrl,
    BRAINTRUST_ORG_NAME: orgName
  }
  return { ...environment, ...Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined)) }
}

/** `output`: where the sinks that write text write it. */
export const sinkContext = (environment: Environment, settings: Settings, output: Output): SinkContext => ({
  capture: settings.capture,
  env: sinkEnvironment(environment, settings),
  live: true,
  events: false,
  ...(settings.outer?._tag === "ExportedSpan" && { exportedParent: settings.outer.slug }),
  output
})

export const foldOptions = ({ additionalMetadata, inlineImages, outer }: Settings): FoldOptions => ({
  additionalMetadata,
  inlineImages,
  ...(outer?._tag === "Ids" && { parent: { traceId: outer.traceId, spanId: outer.spanId } })
})
