import { z } from "zod";

/** Text that every engine of the records takes: no NUL, no half characters. */
export function text(max: number, min = 1) {
  return z
    .string()
    .min(min)
    .max(max)
    .refine((value) => !value.includes("\0") && value.isWellFormed(), "has characters that are none");
}

/** An id, or a name, as a path carries it. */
export const idParam = text(300);

export const projectParam = z.object({ project: idParam.describe("Id or name; a `/` in it as `%2F`.") });
export const buildParams = projectParam.extend({ pipeline: idParam.describe("Id of the build.") });

/** Yes or no in a query: `?follow`, `?follow=true`, `?follow=1`, `?follow=false`, `?follow=0`. */
export const flag = z
  .enum(["", "true", "1", "false", "0"])
  .default("false")
  .transform((value) => value === "" || value === "true" || value === "1");

/** Branches may be named in short. */
export const fullRef = (ref: string) => (ref.startsWith("refs/") ? ref : `refs/heads/${ref}`);
