// Every word of the consoles, in English and Chinese (strings.ts).

import { useEffect, useState } from 'preact/hooks';
import { strings } from './strings';

export type Lang = 'en' | 'zh';

const stored = () => {
  try {
    return localStorage.getItem('lowbalance-language');
  } catch {
    return null;  // A browser may forbid it.
  }
};

let current: Lang = (stored() ?? navigator.language).startsWith('zh') ? 'zh' : 'en';
const listeners = new Set<() => void>();
document.documentElement.lang = current === 'zh' ? 'zh-CN' : 'en';

export const lang = () => current;

export function setLang(to: Lang) {
  current = to;
  document.documentElement.lang = to === 'zh' ? 'zh-CN' : 'en';
  try {
    localStorage.setItem('lowbalance-language', to);
  } catch {
    // It then holds for this page only.
  }
  listeners.forEach((listener) => listener());
}

/** Draws a component anew when the language changes. */
export function useLanguage() {
  const [, redraw] = useState(0);
  useEffect(() => {
    const listener = () => redraw((n) => n + 1);
    listeners.add(listener);
    return () => { listeners.delete(listener); };
  }, []);
}

export type Word = keyof typeof strings;

/** The text of a word, with {name} replaced, and {name|one|many} by what goes with one or with several of it. A word
    that there is not shows itself. */
export function t(word: Word | string, values: Record<string, string | number> = {}): string {
  const pair = (strings as Record<string, readonly [string, string]>)[word];
  const text = pair ? pair[current === 'zh' ? 1 : 0] : word;
  return text.replace(/\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}/g, (whole, name, one, many) => {
    if (!(name in values)) return whole;
    const value = String(values[name]);
    return one === undefined ? value : value === '1' ? one : many;
  });
}
