import type { Clock } from "../../clock.ts";
import { ExecError, type ExecErrorCode } from "../../errors.ts";
import type { RegistryCredentials } from "../../protocol/job-placement.ts";
import type { NoteSink } from "../executor.ts";
import type { CredentialHelper } from "./credential-helper.ts";
import { daemonWords, isNoAnswer, type PullFailure, pullFailure } from "./daemon-errors.ts";
import type { DockerEngine, ImageFacts } from "./docker-engine.ts";
import { type ImageName, parseImageName } from "./image-name.ts";
import { PullProgress } from "./pull-progress.ts";
import { askedAuth, type DockerConfigFile, registryAuth } from "./registry-credentials.ts";
import { sleep } from "./sleep.ts";

export type PullPolicy = "always" | "missing" | "never";

export interface PullSetting {
  readonly engine: DockerEngine;
  readonly clock: Clock;
  readonly policy: PullPolicy;
  readonly dockerConfig?: DockerConfigFile | undefined;
  readonly credentialHelper?: CredentialHelper | undefined;
  /** Aborted: nobody waits for a pull any more; an image that is there is still good. */
  readonly cancelled?: AbortSignal;
}

export interface WantedImage {
  readonly image: string;
  readonly credentials?: RegistryCredentials | undefined;
}

/** Waits between tries of what may pass by itself. */
const BACKOFF_MS = [1_000, 3_000, 9_000];
const NOTE_EVERY_MS = 3_000;
/** A pull that says nothing for so long will say nothing more. */
const SILENCE_MS = 120_000;

/**
 * Has an image, pulled if the policy wants it so, told of in notes. Rejects with what is to be told to the user: which image,
 * which registry, and why.
 */
export async function ensureImage(
  { image, credentials }: WantedImage,
  { engine, clock, policy, dockerConfig, credentialHelper, cancelled }: PullSetting,
  note: NoteSink,
  asked: AbortSignal,
): Promise<ImageFacts> {
  const name = parseImageName(image);
  const present = await engine.inspectImage(name.full, asked);
  if (present !== undefined && policy !== "always") return present;
  if (policy === "never") {
    throw new ExecError(
      "NotFound",
      `The image '${image}' is not here, and this installation pulls none (pull policy "never").`,
    );
  }
  const signal = cancelled === undefined ? asked : AbortSignal.any([asked, cancelled]);
  const kept =
    credentials === undefined
      ? await askedAuth(name.registry, dockerConfig, credentialHelper, note, signal)
      : undefined;
  const auth = kept ?? registryAuth(name.registry, credentials, dockerConfig);
  for (let failures = 0; ; failures += 1) {
    try {
      await pullOnce(name, { engine, clock }, auth, note, signal);
      const pulled = await engine.inspectImage(name.full, signal);
      if (pulled !== undefined) return pulled;
      throw new ExecError("Transient", `The image '${image}' was pulled, and is gone again.`);
    } catch (error) {
      signal.throwIfAborted();
      const failure = describe(image, name, error);
      const waitMs = BACKOFF_MS[failures];
      if (
        !failure.retryable ||
        failure.code === "QuotaExceeded" ||
        waitMs === undefined ||
        isNoAnswer(error)
      ) {
        throw failure;
      }
      note(`${failure.message} Trying again in ${waitMs / 1000} s.`);
      await sleep(clock, waitMs, signal);
    }
  }
}

async function pullOnce(
  { full, registry }: ImageName,
  { engine, clock }: Pick<PullSetting, "engine" | "clock">,
  auth: Parameters<DockerEngine["pull"]>[1],
  note: NoteSink,
  signal: AbortSignal,
): Promise<void> {
  const started = clock.monotonic();
  note(`Pulling ${full} from ${registry} …`);
  const progress = new PullProgress();
  let told = started;
  let last: string | undefined;
  const silence = new AbortController();
  let stopWaiting = () => {};
  const heard = () => {
    stopWaiting();
    stopWaiting = clock.after(SILENCE_MS, () => silence.abort());
  };
  heard();
  try {
    const onLine = (line: Parameters<PullProgress["take"]>[0]) => {
      heard();
      progress.take(line);
      const text = progress.text();
      if (text === undefined || text === last || clock.monotonic() - told < NOTE_EVERY_MS) return;
      told = clock.monotonic();
      last = text;
      note(`Pulling ${full}: ${text}`);
    };
    await engine.pull(full, auth, onLine, AbortSignal.any([signal, silence.signal]));
  } catch (error) {
    if (silence.signal.aborted)
      throw new ExecError("Transient", `timeout: nothing was heard for ${SILENCE_MS / 1000} s`);
    throw error;
  } finally {
    stopWaiting();
  }
  const seconds = ((clock.monotonic() - started) / 1000).toFixed(1);
  const text = progress.text();
  note(`Pulled ${full} in ${seconds} s${text === undefined ? "" : ` (${text})`}.`);
}

const REASONS: { readonly [failure in PullFailure]: readonly [ExecErrorCode, string] } = {
  "not found": ["NotFound", "there is no such image there"],
  refused: [
    "Forbidden",
    "the registry refuses it: the credentials are missing or wrong, or there is no such image",
  ],
  unreachable: ["Transient", "the registry cannot be reached"],
  limited: ["Transient", "the registry wants fewer pulls"],
  "disk full": ["QuotaExceeded", "the disk of the Docker host is full"],
  name: ["InvalidSpec", "the name of the image is none"],
  other: ["Transient", "the pull failed"],
};

function describe(image: string, { registry }: ImageName, error: unknown): ExecError {
  if (isNoAnswer(error) && error instanceof ExecError) return error;
  const words = daemonWords(error instanceof ExecError ? (error.cause ?? error) : error);
  const [code, reason] = REASONS[pullFailure(words)];
  const message = `The image '${image}' could not be had from ${registry}: ${reason}. Its words: ${words}.`;
  return new ExecError(code, message, {
    cause: error,
    ...(code === "QuotaExceeded" ? { retryable: true } : {}),
  });
}
