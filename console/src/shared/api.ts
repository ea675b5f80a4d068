// Talking to the program that served the page. What a server refuses is an ApiError, with the field
// that it names and what it says of it in the reader's language.

import { lang, t } from './i18n';

export type Json = any;

export class ApiError extends Error {
  constructor(readonly status: number, message: string, readonly field = '', readonly body: Json = null) {
    super(message);
  }
}

export interface Answer {
  body: Json;
  etag: string | null;
}

let whenLoggedOut = () => {};
export const onLoggedOut = (act: () => void) => { whenLoggedOut = act; };

export async function send(method: string, path: string, body?: Json,
                           headers: Record<string, string> = {}): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      // The header keeps pages of other sites from asking, and the browser from asking for a password.
      headers: { 'X-Lowbalance-Console': '1', 'Accept-Language': lang(), ...(body ? { 'Content-Type': 'application/json' } : {}), ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new ApiError(0, 'offline');
  }
  const text = await response.text();
  let parsed: Json = null;
  try {
    parsed = JSON.parse(text);
  } catch {
    // A proxy's page, say; the status tells enough.
  }
  if (response.status === 401 && path !== '/api/v1/session') whenLoggedOut();
  if (!response.ok) {
    const error = parsed?.error ?? {};
    throw new ApiError(response.status, error.message ?? t('httpStatus', { status: response.status }), error.field ?? '', parsed);
  }
  return { body: parsed, etag: response.headers.get('ETag') };
}

export const get = async (path: string): Promise<Json> => (await send('GET', path)).body;

/** "?a=1&b=2" of those that are not empty. */
export function query(parameters: Record<string, string | number | undefined | null>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== null && value !== '') search.set(name, String(value));
  }
  const text = search.toString();
  return text ? '?' + text : '';
}
