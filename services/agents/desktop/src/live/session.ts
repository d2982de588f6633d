// The session of who is signed in, as the server knows it.
import { api, Problem, want } from "../api/client";

/** Sign out; the Problem if the server did not. */
export async function endSession(): Promise<Problem | null> {
  try {
    await want(api.DELETE("/api/v1/session"));
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    if (problem.status !== 401) return problem;
  }
  return null;
}

/** Whether the server says that nobody is signed in. */
export async function isOver(): Promise<boolean> {
  try {
    await want(api.GET("/api/v1/session"));
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    return problem.status === 401;
  }
  return false;
}
