// Every message, the newest first, with how its deliveries went.

import { query } from '../shared/api';
import { instant } from '../shared/format';
import { t } from '../shared/i18n';
import { Loading, Notice } from '../shared/ui';
import { AccountLink, kindText, Older, State, useAnswer } from './parts';

export function SentPage({ url }: { url: URL }) {
  const { answer, problem } = useAnswer('/api/v1/messages' + query({ before: url.searchParams.get('before'), limit: 50 }));
  return (
    <>
      <div class="page-head"><h1 tabIndex={-1}>{t('sent')}</h1></div>
      {problem && <Notice kind="bad">{problem}</Notice>}
      {!answer && !problem && <Loading />}
      {answer && (answer.messages.length === 0 ? <p class="empty">{t('noMessages')}</p> : (
        <div class="scroll-x" tabIndex={0} role="region" aria-label={t('sent')}>
          <table class="list stack">
            <thead><tr><th scope="col">{t('at')}</th><th scope="col">{t('kind')}</th><th scope="col">{t('account')}</th>
              <th scope="col">{t('contact')}</th><th scope="col">{t('deliveries')}</th></tr></thead>
            <tbody>
              {answer.messages.map((message: any) => (
                <tr key={message.id}>
                  <td class="when">{instant(message.created)}</td>
                  <td>{kindText(message)}</td>
                  <td><AccountLink message={message} /><span class="id" lang="">{message.subject}</span></td>
                  <td data-label={t('contact')}>{message.contact || '–'}</td>
                  <td>{message.deliveries.map((delivery: any) => (
                    <div class="line"><span class="fine">{delivery.recipient}</span><State delivery={delivery} /></div>
                  ))}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ))}
      {answer && <Older url={url} next={answer.next} />}
    </>
  );
}
