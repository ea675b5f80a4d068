// What the accounts API gives, and the one selection language, as this page writes it.

import { money } from '../shared/format';
import { t } from '../shared/i18n';

export interface Alert {
  level: string;
  enabled: boolean;
  threshold: string | null;
  currency: string;
  suspended: boolean;
  provisioned: boolean;
  state: string;
  low_since: string | null;
  first_change: string | null;
  overdue_since: string | null;
}

export interface Account {
  provider: string;
  account_id: string;
  account_name: string;
  owner: string;
  status: string;
  contact: string;
  source: string;
  currency: string;
  available_credit: string | null;
  terms: Record<string, string>;
  unexplained_amount: string | null;
  costs_incurred: string;
  billed_before_tax?: boolean;
  up: boolean;
  last_success: string | null;
  changed: string | null;
  stale: boolean;
  burn_rate_per_day: string | null;
  runway_seconds: number | null;
  version: string;
  alerts: Alert[];
}

export const keyOf = (account: { provider: string; account_id: string }) =>
  `${account.provider}/${account.account_id}`;
export const splitKey = (key: string) => {
  const slash = key.indexOf('/');
  return { provider: key.slice(0, slash), account_id: key.slice(slash + 1) };
};
export const pathOf = (account: { provider: string; account_id: string }) =>
  `/${encodeURIComponent(account.provider)}/${encodeURIComponent(account.account_id)}`;
export const nameOf = (account: { account_name?: string; account_id: string }) =>
  account.account_name || account.account_id;

/** The word of an account's state that matters most, as strings.ts has it behind "s_". */
export function stateOf(account: Account): string {
  const words = account.alerts.map((alert) =>
    alert.state === 'low' && !alert.first_change ? 'awaiting' : alert.state);
  const order = ['overdue', 'low', 'awaiting', 'suspended', 'unknown', 'ok', 'disabled'];
  const worst = order.find((word) => words.includes(word)) ?? 'disabled';
  return worst === 'ok' && account.stale ? 'stale' : worst;
}

/** What an edit comes to, with the threshold as the server understood it; without, for many at once. */
export const effectText = (effect: string, alert?: Alert) =>
  t(effect, { threshold: alert ? money(alert.threshold, alert.currency) : t('thisThreshold') });

/** The level that there is where nobody has asked for several. */
export const defaultLevel = 'warning';

/** A value as it may stand in a selection, whatever is in it. */
const quoted = (value: string) => `"${value.replace(/["\\]/g, '\\$&')}"`;

export const words = ['low', 'overdue', 'awaiting', 'stale', 'enabled', 'disabled', 'suspended', 'costs'] as const;

export interface Filter {
  search: string;
  provider: string;
  contact: string;
  words: string[];
  withoutCosts: boolean;  // Accounts that are known to have had none are shown too.
  sort: string;
  page: number;
}

export function readFilter(url: URL): Filter {
  const get = (name: string) => url.searchParams.get(name) ?? '';
  return {
    search: get('q'),
    provider: get('provider'),
    contact: get('contact'),
    words: get('is').split(',').filter((word) => (words as readonly string[]).includes(word)),
    withoutCosts: get('without_costs') === '1',
    sort: get('sort') || 'state',
    page: Math.max(1, Number(get('page')) || 1),
  };
}

export function filterPath(filter: Filter): string {
  const search = new URLSearchParams();
  if (filter.search) search.set('q', filter.search);
  if (filter.provider) search.set('provider', filter.provider);
  if (filter.contact) search.set('contact', filter.contact);
  if (filter.words.length) search.set('is', filter.words.join(','));
  if (filter.withoutCosts) search.set('without_costs', '1');
  if (filter.sort !== 'state') search.set('sort', filter.sort);
  if (filter.page > 1) search.set('page', String(filter.page));
  const text = search.toString();
  return '/accounts' + (text ? '?' + text : '');
}

export function selectOf(filter: Filter): string {
  const terms: string[] = [];
  if (filter.provider) terms.push(`provider=${quoted(filter.provider)}`);
  if (filter.contact) terms.push(`contact=${quoted(filter.contact)}`);
  terms.push(...filter.words);
  if (!filter.withoutCosts) terms.push('!no_costs');
  if (filter.search.trim()) terms.push(`any~${quoted(filter.search.trim())}`);
  return terms.join(',');
}

/** Who is selected: single accounts, or all that match `select`. Where single ones are what remains of all that
    matched, `of` is how many those were. */
export type Picked = { all: true; select: string; total: number } | { all: false; keys: Set<string>; of?: number };

const mostInAddress = 200;
export const readPicked = (hash: string): Set<string> => {
  const text = hash.startsWith('#picked=') ? hash.slice(8) : '';
  return new Set(text ? text.split(',').map(decodeURIComponent) : []);
};
export const pickedHash = (picked: Picked): string =>
  picked.all || picked.keys.size === 0 || picked.keys.size > mostInAddress
    ? '' : '#picked=' + [...picked.keys].map(encodeURIComponent).join(',');
