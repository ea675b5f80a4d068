// Amounts, instants and durations as the reader's language writes them. Amounts stay decimal texts:
// they are grouped, never calculated with.

import { lang } from './i18n';

export function amount(text: string | null | undefined): string {
  if (text === null || text === undefined || text === '') return '–';
  const negative = text.startsWith('-');
  const [whole, decimals] = text.replace('-', '').split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',');
  return (negative ? '−' : '') + grouped + (decimals ? '.' + decimals : '');
}

export const money = (text: string | null | undefined, currency: string) =>
  text === null || text === undefined ? '–' : `${amount(text)} ${currency}`.trim();

export function instant(text: string | null | undefined): string {
  if (!text) return '–';
  return new Intl.DateTimeFormat(lang() === 'zh' ? 'zh-CN' : 'en-GB', {
    year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit',
  }).format(new Date(text));
}

export const day = (at: Date) =>
  new Intl.DateTimeFormat(lang() === 'zh' ? 'zh-CN' : 'en-GB', { month: 'short', day: 'numeric' }).format(at);

/** "12 days", "5 hours"; rounded down, as nobody is to be told they have longer than they do. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return '–';
  const units: [number, string][] = [[86400 * 365, 'year'], [86400, 'day'], [3600, 'hour'], [60, 'minute']];
  for (const [size, unit] of units) {
    const least = unit === 'hour' ? size : unit === 'day' ? 2 * size : size;
    if (seconds >= least) {
      return new Intl.NumberFormat(lang() === 'zh' ? 'zh-CN' : 'en-GB', {
        style: 'unit', unit, unitDisplay: 'long',
      }).format(Math.floor(seconds / size));
    }
  }
  return lang() === 'zh' ? '不到 1 分钟' : 'less than a minute';
}

/** "3 minutes ago", "in 2 days". */
export function ago(text: string | null | undefined, now = Date.now()): string {
  if (!text) return '–';
  const seconds = (new Date(text).getTime() - now) / 1000;
  const format = new Intl.RelativeTimeFormat(lang() === 'zh' ? 'zh-CN' : 'en-GB', { numeric: 'auto' });
  const units: [number, Intl.RelativeTimeFormatUnit][] = [[86400, 'day'], [3600, 'hour'], [60, 'minute']];
  for (const [size, unit] of units) {
    if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit);
  }
  return format.format(Math.trunc(seconds), 'second');
}

/** What somebody typed as an amount, without the commas; null if it is none. A comma groups thousands: where it
    stands otherwise ("500,50", "1.234,50") it was meant as something else, and is not guessed at. */
export function parseAmount(text: string): string | null {
  const plain = text.trim().replaceAll('，', ',').replace('。', '.');
  return /^[-+]?(\d+|\d{1,3}(,\d{3})+)(\.\d{1,6})?$/.test(plain) ? plain.replaceAll(',', '') : null;
}
