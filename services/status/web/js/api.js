// Reads of the services' JSON, with the session's cookie; a read that needs a sign-in waits for it.

const TIMEOUT_MS = 30_000; // longer than any answer takes, shorter than a reader's patience

/** A read that failed: `status` is 0 where no answer came; `retry` tells whether the same may succeed later. */
export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
    this.retry = status === 0 || status === 429 || status >= 502;
  }
}

/** Answer the JSON and the position of `/v1/{ledger}/{path}`; `signIn` is awaited after each 401. */
export async function read(ledger, path, params, signIn) {
  for (;;) {
    const response = await request(`/v1/${encodeURIComponent(ledger)}/${path}${query(params)}`);
    if (response.status === 401) {
      await signIn();
      continue;
    }
    if (!response.ok) throw new ApiError(response.status, await detail(response));
    return { body: await response.json(), position: Number(response.headers.get("Duban-Position") ?? 0) };
  }
}

/** Post JSON to `/v1/{ledger}/{path}`; answers {status, body}, whatever the status. `signIn` is awaited after each 401. */
export async function send(ledger, path, body, signIn) {
  for (;;) {
    const response = await request(`/v1/${encodeURIComponent(ledger)}/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (response.status !== 401) return { status: response.status, body: await response.json().catch(() => ({})) };
    await signIn();
  }
}

/** Answer a request's response; raises ApiError of status 0 where none comes. */
export async function request(url, options = {}) {
  try {
    return await fetch(url, { credentials: "same-origin", signal: AbortSignal.timeout(TIMEOUT_MS), ...options });
  } catch (error) {
    throw new ApiError(0, error.message);
  }
}

/** What a problem (RFC 9457) says, or the status where it is none. */
export async function detail(response) {
  try {
    return (await response.json()).detail ?? response.statusText;
  } catch {
    return `${response.status} ${response.statusText}`;
  }
}

function query(params = {}) {
  const given = Object.entries(params).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const text = new URLSearchParams(given).toString();
  return text ? `?${text}` : "";
}
