// The address bar as the one place where a page keeps what it shows, so that it can be sent to a
// colleague, reloaded, and gone back to.

import { useEffect, useState } from 'preact/hooks';

const listeners = new Set<() => void>();
window.addEventListener('popstate', () => listeners.forEach((listener) => listener()));

export function go(path: string, replace = false) {
  if (path === location.pathname + location.search + location.hash) return;
  history[replace ? 'replaceState' : 'pushState'](null, '', path);
  listeners.forEach((listener) => listener());
}

export function useLocation(): URL {
  const [, redraw] = useState(0);
  useEffect(() => {
    const listener = () => redraw((n) => n + 1);
    listeners.add(listener);
    return () => { listeners.delete(listener); };
  }, []);
  return new URL(location.href);
}

/** For links within the page: an ordinary click stays here, all others are the browser's. */
export function follow(event: MouseEvent) {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.currentTarget as HTMLAnchorElement;
  event.preventDefault();
  go(link.pathname + link.search + link.hash);
  window.scrollTo(0, 0);
  // Who reads with the ears hears where they are now.
  requestAnimationFrame(() => document.querySelector<HTMLElement>('h1')?.focus());
}
