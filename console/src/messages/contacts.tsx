// Contacts: who they are, what a message to them looks like, and whether one arrives.

import { useEffect, useState } from 'preact/hooks';
import { Json, send } from '../shared/api';
import { t } from '../shared/i18n';
import { Dialog, errorText, Loading, Notice, Session } from '../shared/ui';
import { useAnswer } from './parts';

export function ContactsPage({ session }: { session: Session }) {
  const { answer, problem } = useAnswer('/api/v1/contacts', 60_000);
  const [previewed, setPreviewed] = useState('');
  const [tested, setTested] = useState('');
  return (
    <>
      <div class="page-head"><h1 tabIndex={-1}>{t('contacts')}</h1></div>
      {problem && <Notice kind="bad">{problem}</Notice>}
      {!answer && !problem && <Loading />}
      {answer && answer.contacts.length === 0 && <p class="empty">{t('noContacts')}</p>}
      <div class="cards">
        {answer?.contacts.map((contact: any) => (
          <section class="card" key={contact.name}>
            <h2>{contact.name}</h2>
            <p class="fine">{t('c_language')}: {t(contact.language)} · {t('c_zone')}: {contact.time_zone}</p>
            <ul class="effects">
              {contact.email.map((address: string) => <li>{t('email')}: {address}</li>)}
              {contact.internal.map((name: string) => <li>{t('internal')}: {name}</li>)}
            </ul>
            <div class="buttons">
              <button type="button" onClick={() => setPreviewed(contact.name)}>{t('previewMessage')}</button>
              {session.role === 'administrator' && <button type="button" onClick={() => setTested(contact.name)}>{t('sendTest')}</button>}
            </div>
          </section>
        ))}
      </div>
      {previewed && <PreviewDialog contact={previewed} onClose={() => setPreviewed('')} />}
      {tested && <TestDialog contact={tested} onClose={() => setTested('')} />}
    </>
  );
}

function PreviewDialog({ contact, onClose }: { contact: string; onClose: () => void }) {
  const [kind, setKind] = useState('alert');
  const [wording, setWording] = useState<Json | null>(null);
  const [problem, setProblem] = useState('');
  useEffect(() => {
    let over = false;
    send('POST', `/api/v1/contacts/${encodeURIComponent(contact)}/preview`, { kind, number: kind === 'reminder' ? 1 : 0 }).then(
      ({ body }) => { if (!over) { setWording(body); setProblem(''); } },
      (error) => { if (!over) setProblem(errorText(error)); });
    return () => { over = true; };
  }, [kind]);
  return (
    <Dialog title={t('previewOf', { contact })} wide onClose={onClose}>
      <form>
        <label>{t('kind')}
          <select value={kind} onChange={(event) => setKind(event.currentTarget.value)}>
            {['alert', 'reminder', 'test'].map((each) => <option value={each}>{t('kind_' + each, { n: 1 })}</option>)}
          </select></label>
        {problem && <Notice kind="bad">{problem}</Notice>}
        {wording && (
          <>
            <h3>{t('subject')}: {wording.subject}</h3>
            <pre class="letter-frame" tabIndex={0}>{wording.text}</pre>
            {wording.internal && wording.internal !== wording.text && <>
              <h3>{t('asInternal')}</h3><pre class="letter-frame" tabIndex={0}>{wording.internal}</pre></>}
          </>
        )}
      </form>
    </Dialog>
  );
}

function TestDialog({ contact, onClose }: { contact: string; onClose: () => void }) {
  const [said, setSaid] = useState('');
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await send('POST', `/api/v1/contacts/${encodeURIComponent(contact)}/test`);
      setSaid(t('testSent'));
    } catch (error) {
      setProblem(errorText(error));
    }
  };
  return (
    <Dialog title={t('sendTest')} onClose={onClose}>
      <form onSubmit={submit}>
        {said ? <Notice kind="good">{said}</Notice> : <p>{t('testQuestion', { contact })}</p>}
        {problem && <Notice kind="bad">{problem}</Notice>}
        <div class="buttons">
          <button type="button" class="quiet" onClick={onClose}>{t(said ? 'close' : 'cancel')}</button>
          {!said && <button class="primary" disabled={busy}>{t('sendTest')}</button>}
        </div>
      </form>
    </Dialog>
  );
}
