import { ExecError } from "../errors.ts";

/** Says in a person's words what is there already, where the engine only names an index. */
export async function taken<T>(what: string, writing: Promise<T>): Promise<T> {
  try {
    return await writing;
  } catch (error) {
    if (error instanceof ExecError && error.code === "Conflict")
      throw new ExecError("Conflict", `there is ${what} already`, { cause: error });
    throw error;
  }
}
