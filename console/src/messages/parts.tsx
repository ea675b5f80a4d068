// What the pages of the messages console have in common.

import { useEffect, useState } from 'preact/hooks';
import { get, Json } from '../shared/api';
import { t } from '../shared/i18n';
import { follow, go } from '../shared/router';
import { Badge, errorText } from '../shared/ui';

export const kindText = (message: { kind: string; number?: number }) =>
  t('kind_' + message.kind, { n: message.number ?? 0 });

/** Asks now, and again while the page is looked at. */
export function useAnswer(path: string, everyMs = 15_000): { answer: Json | null; problem: string; again: () => void } {
  const [answer, setAnswer] = useState<Json | null>(null);
  const [problem, setProblem] = useState('');
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let over = false;
    const ask = () => get(path).then(
      (found) => { if (!over) { setAnswer(found); setProblem(''); } },
      (error) => { if (!over) setProblem(errorText(error)); });
    ask();
    const timer = setInterval(() => { if (!document.hidden) ask(); }, everyMs);
    return () => { over = true; clearInterval(timer); };
  }, [path, turn]);
  return { answer, problem, again: () => setTurn((n) => n + 1) };
}

export const storyPath = (message: { provider: string; account_id: string }) =>
  `/messages/${encodeURIComponent(message.provider)}/${encodeURIComponent(message.account_id)}`;

export const AccountLink = ({ message }: { message: Json }) => message.account_id
  ? <a href={storyPath(message)} onClick={follow}><span class="name">{message.account_name || message.account_id}</span></a>
  : <>–</>;

export const State = ({ delivery }: { delivery: Json }) =>
  <Badge kind={delivery.state}>{t('d_' + delivery.state)}</Badge>;

/** What a delivery ran into, such as a mail server's answer, in whichever language that is. */
export const LastError = ({ delivery }: { delivery: Json }) => <span lang="">{delivery.last_error || '–'}</span>;

export function Older({ url, next }: { url: URL; next: number | null }) {
  const at = (before: string) => {
    const to = new URL(url);
    before ? to.searchParams.set('before', before) : to.searchParams.delete('before');
    return to.pathname + to.search;
  };
  return (
    <nav class="pages" aria-label={t('pages')}>
      {url.searchParams.has('before') && <button type="button" onClick={() => go(at(''))}>{t('newest')}</button>}
      {next && <button type="button" onClick={() => go(at(String(next)))}>{t('older')}</button>}
    </nav>
  );
}
