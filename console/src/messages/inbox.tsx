// Internal messages: what is unread, and reading it.

import { useState } from 'preact/hooks';
import { query, send } from '../shared/api';
import { instant } from '../shared/format';
import { t } from '../shared/i18n';
import { go } from '../shared/router';
import { errorText, Loading, mayEdit, Notice, Session } from '../shared/ui';
import { Older, useAnswer } from './parts';

export function InboxPage({ session, url, onRead }: { session: Session; url: URL; onRead: () => void }) {
  const recipient = url.searchParams.get('recipient') ?? '';
  const { answer, problem, again } = useAnswer('/api/v1/inbox' + query({
    recipient, before: url.searchParams.get('before'), limit: 50,
  }));
  const [open, setOpen] = useState<number | null>(null);
  const [wrong, setWrong] = useState('');
  const read = async (id: number, isRead: boolean) => {
    setOpen(open === id ? null : id);
    if (isRead || !mayEdit(session)) return;
    try {
      await send('POST', `/api/v1/inbox/${id}/read`);
      again();
      onRead();
    } catch (error) {
      setWrong(errorText(error));
    }
  };
  const recipients: string[] = answer?.recipients ?? [];
  return (
    <>
      <div class="page-head">
        <h1 tabIndex={-1}>{recipient ? t('inboxOf', { recipient }) : t('inbox')}</h1>
        {answer && <p class="fine">{t('unreadCount', { n: answer.unread })}</p>}
        <div class="grow" />
        {recipients.length > 1 && (
          <select aria-label={t('recipient')} value={recipient} onChange={(event) => go('/inbox' + query({ recipient: event.currentTarget.value }))}>
            <option value="">{t('allRecipients')}</option>
            {recipients.map((name) => <option value={name}>{name}</option>)}
          </select>
        )}
      </div>
      {(problem || wrong) && <Notice kind="bad">{problem || wrong}</Notice>}
      {!answer && !problem && <Loading />}
      {answer && (answer.messages.length === 0 ? <p class="empty">{t('inboxEmpty')}</p> : (
        <ul class="inbox">
          {answer.messages.map((entry: any) => (
            <li key={entry.id} class={entry.read ? '' : 'unread'}>
              <button type="button" class="open" aria-expanded={open === entry.id} onClick={() => read(entry.id, entry.read)}>
                <span class="dot" aria-hidden="true" />
                <span>{!entry.read && <span class="unseen">{t('unread')}: </span>}{entry.title}</span>
                <span class="fine">{!recipient && recipients.length > 1 && `${entry.recipient} · `}{instant(entry.at)}</span>
              </button>
              {open === entry.id && <pre class="letter">{entry.text}</pre>}
            </li>
          ))}
        </ul>
      ))}
      {answer && <Older url={url} next={answer.next} />}
    </>
  );
}
