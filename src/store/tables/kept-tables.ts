import type { Generated } from "kysely";
import type { DeliveryRecord } from "../webhook-store.ts";

/** What is kept beside builds: artifacts, caches, access, requests, webhooks. */
export interface KeptTables {
  readonly artifacts: ArtifactRow;
  readonly caches: CacheTableRow;
  readonly api_tokens: ApiTokenRow;
  readonly login_codes: LoginCodeRow;
  readonly server_marks: ServerMarkRow;
  readonly requests: RequestRow;
  readonly webhooks: WebhookRow;
  readonly webhook_deliveries: WebhookDeliveryRow;
}

export interface ArtifactRow {
  id: string;
  database_id: number;
  project_id: string;
  root_id: string;
  build_id: string;
  job_key: string;
  attempt: number;
  name: string;
  file: string;
  content_type: string;
  blob_key: string;
  size_bytes: number;
  sha256: string;
  created_at: number;
  expires_at: number;
}

export interface CacheTableRow {
  id: string;
  database_id: number;
  project_id: string;
  version: string;
  scope: string;
  key: string;
  blob_key: string;
  size_bytes: number;
  created_at: number;
  used_at: number;
}

export interface ApiTokenRow {
  id: string;
  name: string;
  hash: string;
  permissions_json: string;
  project_id: string | null;
  created_at: number;
  expires_at: number | null;
  last_used_at: number | null;
}

export interface LoginCodeRow {
  hash: string;
  token_id: string;
  expires_at: number;
}

/** Things that happen once in a server's life. */
export interface ServerMarkRow {
  name: string;
  at: number;
}

export interface RequestRow {
  caller: string;
  key: string;
  fingerprint: string;
  status: number | null;
  body: string | null;
  expires_at: number;
}

export interface WebhookRow {
  id: string;
  project_id: string;
  url: string;
  events_json: string;
  secret: string;
  enabled: number;
  created_at: number;
}

export interface WebhookDeliveryRow {
  seq: Generated<number>;
  id: string;
  webhook_id: string;
  event_id: string;
  event: string;
  payload_json: string;
  state: DeliveryRecord["state"];
  attempts: number;
  next_at: number | null;
  leased_until: number | null;
  last_status: number | null;
  last_error: string | null;
  created_at: number;
  delivered_at: number | null;
}
