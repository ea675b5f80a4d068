// Deliveries by how they went; what was given up can be sent again.

import { useState } from 'preact/hooks';
import { ApiError, query, send } from '../shared/api';
import { instant } from '../shared/format';
import { t } from '../shared/i18n';
import { go } from '../shared/router';
import { errorText, Loading, Notice, Session } from '../shared/ui';
import { AccountLink, kindText, LastError, Older, State, useAnswer } from './parts';

const states = ['dead', 'pending', 'delivered', 'cancelled'];

export function DeliveriesPage({ session, url }: { session: Session; url: URL }) {
  const state = url.searchParams.get('state') ?? 'dead';
  const { answer, problem, again } = useAnswer('/api/v1/deliveries' + query({
    state: state === 'all' ? '' : state, before: url.searchParams.get('before'), limit: 50,
  }));
  const [said, setSaid] = useState<{ good: boolean; text: string } | null>(null);
  const resend = async (id: number) => {
    try {
      const { body } = await send('POST', `/api/v1/deliveries/${id}/resend`);
      setSaid({ good: body.changed, text: body.changed ? t('resent') : t('notResent', { reason: body.reason }) });
    } catch (error) {
      setSaid({ good: false, text: error instanceof ApiError && error.status === 409 ? t('notResent', { reason: error.message }) : errorText(error) });
    }
    again();
  };
  return (
    <>
      <div class="page-head"><h1 tabIndex={-1}>{t('deliveries')}</h1></div>
      <div class="chips" role="group" aria-label={t('state')}>
        {[...states, 'all'].map((each) => (
          <button type="button" class="chip" aria-pressed={each === state} onClick={() => go('/deliveries' + query({ state: each }))}>
            {each === 'all' ? t('all') : t('d_' + each)}</button>
        ))}
      </div>
      {said && <Notice kind={said.good ? 'good' : 'bad'}>{said.text}</Notice>}
      {problem && <Notice kind="bad">{problem}</Notice>}
      {!answer && !problem && <Loading />}
      {answer && (answer.deliveries.length === 0 ? <p class="empty">{t('noDeliveries')}</p> : (
        <div class="scroll-x" tabIndex={0} role="region" aria-label={t('deliveries')}>
          <table class="list stack">
            <thead><tr><th scope="col">{t('at')}</th><th scope="col">{t('recipient')}</th><th scope="col">{t('message')}</th>
              <th scope="col">{t('state')}</th><th scope="col" class="num">{t('attempts')}</th><th scope="col">{t('lastError')}</th><td /></tr></thead>
            <tbody>
              {answer.deliveries.map((delivery: any) => (
                <tr key={delivery.id}>
                  <td class="when">{instant(delivery.created)}</td>
                  <td>{delivery.recipient}<span class="id">{t(delivery.relay)}</span></td>
                  <td><AccountLink message={delivery} /><span class="id">{kindText(delivery)}</span></td>
                  <td><State delivery={delivery} /></td>
                  <td class="num" data-label={t('attempts')}>{delivery.attempts}</td>
                  <td class="fine"><LastError delivery={delivery} /></td>
                  <td>{session.role === 'administrator' && delivery.state === 'dead' && (
                    <button type="button" onClick={() => resend(delivery.id)}>{t('resend')}</button>)}</td>
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
