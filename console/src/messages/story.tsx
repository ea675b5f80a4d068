// The story of one account's episode: crossing, alert, reminders sent and to come, and why nothing
// is sent now.

import { query } from '../shared/api';
import { ago, instant, money } from '../shared/format';
import { t } from '../shared/i18n';
import { follow } from '../shared/router';
import { Badge, consoleUrl, Icon, Loading, Notice, Session } from '../shared/ui';
import { kindText, LastError, State, useAnswer } from './parts';

interface Event { at: string; kind: '' | 'to-come' | 'bad' | 'quiet'; text: string; message?: any }

// What happened and what is to come, in the order of time.
function eventsOf(episode: any, messages: any[], cadence: any): Event[] {
  const events: Event[] = [{ at: episode.low_since, kind: 'bad', text: t('e_low') }];
  for (const message of messages) {
    if (message.low_since !== episode.low_since || message.level !== episode.level) continue;
    events.push({ at: message.created, kind: '', text: kindText(message), message });
  }
  if (episode.ended) {
    events.push({ at: episode.ended.at, kind: 'quiet', text: t('e_ended', { reason: t('r_' + episode.ended.reason) }) });
  } else if (episode.next_reminder && cadence) {
    const alerted = new Date(episode.alerted_at).getTime();
    for (let n = episode.last_reminder + 1; n <= cadence.at_most; ++n) {
      const at = new Date(alerted + n * cadence.every_seconds * 1000).toISOString();
      if (new Date(at) < new Date(episode.next_reminder)) continue;
      events.push({ at, kind: 'to-come', text: t('e_reminder_to_come', { n, most: cadence.at_most }) });
    }
  } else if (episode.overdue) {
    events.push({ at: episode.heard ?? episode.low_since, kind: 'bad', text: t('e_overdue') });
  }
  return events.sort((a, b) => a.at.localeCompare(b.at));
}

export function StoryPage(props: { session: Session; provider: string; accountId: string }) {
  const which = query({ provider: props.provider, account_id: props.accountId });
  const episodes = useAnswer('/api/v1/episodes' + which);
  const messages = useAnswer('/api/v1/messages' + which + '&limit=100');
  const crumb = <p class="crumb"><a href="/messages" onClick={follow}><Icon name="left" />{t('sent')}</a></p>;
  const problem = episodes.problem || messages.problem;
  if (!episodes.answer || !messages.answer) return <>{crumb}{problem ? <Notice kind="bad">{problem}</Notice> : <Loading />}</>;

  const sent: any[] = messages.answer.messages;
  const known = sent.find((message) => message.account_name);
  const current: any[] = episodes.answer.episodes;
  const key = (message: any) => `${message.level} ${message.low_since}`;
  const earlier = [...new Set(sent.map(key))].filter((each) => !current.some((episode) => key(episode) === each));
  const account = `/accounts/${encodeURIComponent(props.provider)}/${encodeURIComponent(props.accountId)}`;
  return (
    <>
      {crumb}
      <div class="page-head">
        <div>
          <h1 tabIndex={-1} class="long">{known?.account_name || props.accountId}</h1>
          <p class="fine">{props.provider}/{props.accountId} · {t('story')}</p>
        </div>
        <div class="grow" />
        <a class="button" href={consoleUrl(props.session, 'accounts') + account}>{t('accountSettings')}<Icon name="out" /></a>
      </div>
      {problem && <Notice kind="bad">{problem}</Notice>}
      {current.length === 0 && sent.length === 0 && <p class="empty">{t('storyNone')}</p>}
      {current.map((episode) => (
        <section class="card" key={key(episode)}>
          <div class="line">
            <h2>{t('episodeFrom', { at: instant(episode.low_since) })}{current.length > 1 && ` · ${episode.level}`}</h2>
            <Badge kind={episode.ended ? 'ok' : episode.overdue ? 'overdue' : 'low'}>{t(episode.ended ? 's_ok' : episode.overdue ? 's_overdue' : 's_low')}</Badge>
          </div>
          <Notice kind={episode.ended ? 'good' : 'info'}>{t('r_' + whyOf(episode))}</Notice>
          <Timeline events={eventsOf(episode, sent, episodes.answer.cadence)} />
          {episode.heard && <p class="fine">{t('e_last_heard')}: {instant(episode.heard)} ({ago(episode.heard)})</p>}
        </section>
      ))}
      {earlier.map((each) => {
        const list = sent.filter((message) => key(message) === each);
        return (
          <section class="card" key={each}>
            <h2>{t('episodeFrom', { at: instant(list[0].low_since) })}</h2>
            <Timeline events={eventsOf({ low_since: list[0].low_since, level: list[0].level, ended: null, next_reminder: null, overdue: false }, list, null)} />
          </section>
        );
      })}
    </>
  );
}

// Why nothing is sent now. A picture that only repeats another is no reason: what it repeats is.
function whyOf(episode: any): string {
  const last = episode.last_decision?.reason;
  return !last || last === 'duplicate' ? episode.reason : last;
}

function Timeline({ events }: { events: Event[] }) {
  return (
    <ol class="timeline">
      {events.map((event) => (
        <li class={event.kind}>
          <div><strong>{event.text}</strong>{event.message?.available_credit && <> · {money(event.message.available_credit, event.message.currency)}</>}</div>
          <div class="at">{instant(event.at)} ({event.kind === 'to-come' ? ago(event.at) + ', ' + t('toCome') : ago(event.at)})</div>
          {event.message?.deliveries.map((delivery: any) => (
            <div class="fine">{t(delivery.relay)} · {delivery.recipient} <State delivery={delivery} />{delivery.last_error && <> <LastError delivery={delivery} /></>}</div>
          ))}
        </li>
      ))}
    </ol>
  );
}
