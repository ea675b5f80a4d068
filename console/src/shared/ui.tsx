// Small parts that both consoles are made of.

import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { t, lang, setLang } from './i18n';
import { ApiError, send, Json } from './api';
import { follow } from './router';

export interface Session {
  user: string;
  role: 'viewer' | 'contact' | 'administrator' | 'none';
  contact: string;
  accounts_url: string | null;
  messages_url: string | null;
  accounts_port: string;
  messages_port: string;
}

export const mayEdit = (session: Session) => session.role === 'administrator' || session.role === 'contact';

/** Where the other console is, seen from this page. */
export function consoleUrl(session: Session, which: 'accounts' | 'messages'): string {
  const url = session[`${which}_url`];
  if (url) return url;
  return `${location.protocol}//${location.hostname}:${session[`${which}_port`]}`;
}

export function Dialog(props: { title: string; onClose: () => void; children: ComponentChildren; wide?: boolean }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    dialog.current?.showModal();
    return () => {
      before?.focus?.();
      // What it was opened from may be gone with it; the page's heading is always there.
      requestAnimationFrame(() => {
        if (document.activeElement === document.body) document.querySelector<HTMLElement>('h1')?.focus();
      });
    };
  }, []);
  return (
    <dialog ref={dialog} class={props.wide ? 'wide' : ''} aria-labelledby={id}
            onCancel={(event) => { event.preventDefault(); props.onClose(); }}>
      <div class="dialog-head">
        <h2 id={id}>{props.title}</h2>
        <button type="button" class="quiet icon" aria-label={t('close')} onClick={props.onClose}>
          <Icon name="close" />
        </button>
      </div>
      {props.children}
    </dialog>
  );
}

const paths: Record<string, string> = {
  close: 'M5 5l10 10M15 5L5 15',
  search: 'M9 3a6 6 0 1 0 0 12A6 6 0 0 0 9 3zm4.5 10.5L17 17',
  up: 'M5 12l5-5 5 5',
  down: 'M5 8l5 5 5-5',
  left: 'M12 5l-5 5 5 5',
  right: 'M8 5l5 5-5 5',
  out: 'M8 4H4v12h12v-4M11 4h5v5M16 4l-8 8',
  warn: 'M10 3l8 14H2L10 3zm0 5v4m0 2.5v.1',
  mail: 'M2.5 4.5h15v11h-15zM2.5 5l7.5 6 7.5-6',
  check: 'M4 10.5l4 4 8-9',
  clock: 'M10 2.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15zM10 6v4.2l3 1.8',
};

export const Icon = ({ name }: { name: string }) => (
  <svg class="ic" viewBox="0 0 20 20" aria-hidden="true"><path d={paths[name]} /></svg>
);

export function Switch(props: { on: boolean; label: string; disabled?: boolean; onChange: () => void }) {
  return (
    <button type="button" role="switch" class="switch" aria-checked={props.on} aria-label={props.label}
            disabled={props.disabled} onClick={props.onChange}>
      <span class="knob" />
    </button>
  );
}

export const Notice = (props: { kind?: 'info' | 'warn' | 'bad' | 'good'; children: ComponentChildren }) => (
  <div class={`notice ${props.kind ?? 'info'}`} role={props.kind === 'bad' ? 'alert' : 'status'}>{props.children}</div>
);

/** What a server says begins like a part of a sentence; where it stands alone it is one. */
export const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

export function errorText(error: unknown): string {
  if (error instanceof ApiError) {
    if (error.status === 0) return t('offline');
    if (error.status === 429) return t('throttled');
    return sentence(error.message);
  }
  return String(error);
}

export const Loading = () => <p class="loading" role="status">{t('loading')}</p>;

export const Badge = ({ kind, children }: { kind: string; children: ComponentChildren }) =>
  <span class={`badge ${kind}`}>{children}</span>;

export function Header(props: {
  session: Session; here: 'accounts' | 'messages'; onLogout: () => void;
  links: { href: string; text: string; current: boolean; count?: number }[];
}) {
  const other = props.here === 'accounts' ? 'messages' : 'accounts';
  const [problem, setProblem] = useState('');
  return (
    <>
      <header class="top">
        <a class="skip" href="#main">{t('skip')}</a>
        <div class="brand"><span class="mark" aria-hidden="true" />lowbalance</div>
        <nav aria-label={t('navigation')}>
          {props.links.map((link) => (
            <a href={link.href} onClick={follow} aria-current={link.current ? 'page' : undefined}>
              {link.text}{link.count ? <span class="count">{link.count}</span> : null}
            </a>
          ))}
          <a href={consoleUrl(props.session, other) + '/' + other}>{t(other)}<Icon name="out" /></a>
        </nav>
        <div class="who">
          <Language />
          <span class="user" title={t(props.session.role)}>{props.session.user}</span>
          <button type="button" class="quiet" onClick={() => logOut().then(props.onLogout, (error) => setProblem(errorText(error)))}>{t('logout')}</button>
        </div>
      </header>
      {problem && <Notice kind="bad">{t('stillIn', { message: problem })}</Notice>}
    </>
  );
}

export const Language = () => (
  <button type="button" class="quiet" lang={lang() === 'zh' ? 'en' : 'zh-CN'}
          onClick={() => setLang(lang() === 'zh' ? 'en' : 'zh')}>
    {lang() === 'zh' ? 'English' : '中文'}
  </button>
);

export async function logOut(): Promise<void> {
  await send('DELETE', '/api/v1/session');
}

export function Pages(props: { total: number; size: number; page: number; onPage: (page: number) => void }) {
  const last = Math.max(1, Math.ceil(props.total / props.size));
  const from = props.total === 0 ? 0 : (props.page - 1) * props.size + 1;
  const to = Math.min(props.total, props.page * props.size);
  return (
    <nav class="pages" aria-label={t('pages')}>
      <span>{t('range', { from: from.toLocaleString('en'), to: to.toLocaleString('en'), total: props.total.toLocaleString('en') })}</span>
      <button type="button" class="quiet icon" aria-label={t('previous')} disabled={props.page <= 1}
              onClick={() => props.onPage(props.page - 1)}><Icon name="left" /></button>
      <span>{props.page} / {last}</span>
      <button type="button" class="quiet icon" aria-label={t('next')} disabled={props.page >= last}
              onClick={() => props.onPage(props.page + 1)}><Icon name="right" /></button>
    </nav>
  );
}

export type { Json };
