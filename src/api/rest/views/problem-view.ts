import { z } from "zod";
import { PROBLEMS } from "../../problem.ts";
import { named } from "./schema.ts";

export const problemSchema = named(
  "Problem",
  z.object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().optional(),
    code: z.enum(Object.keys(PROBLEMS)).describe("Stable; tell errors apart by this."),
    requestId: z.string().describe("The server's log has more under it."),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  }),
);
