// Logging in, and everything that is shown only to those who have.

import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ApiError, get, onLoggedOut, send } from './api';
import { t, useLanguage } from './i18n';
import { errorText, Language, Loading, logOut, Notice, Session } from './ui';

export function Gate({ children }: { children: (session: Session, leave: () => void) => ComponentChildren }) {
  useLanguage();
  const [session, setSession] = useState<Session | null>(null);
  const [state, setState] = useState<'asking' | 'out' | 'in' | 'off' | 'no role'>('asking');
  const [problem, setProblem] = useState('');

  const ask = async () => {
    try {
      setSession(await get('/api/v1/session'));
      setState('in');
    } catch (error) {
      const refusal = error instanceof ApiError && error.status === 403 ? error : null;
      if (refusal || !(error instanceof ApiError && error.status === 401)) setProblem(errorText(error));
      setState(!refusal ? 'out' : refusal.field === 'access.roles' ? 'no role' : 'off');
    }
  };
  useEffect(() => {
    onLoggedOut(() => { setProblem(t('sessionOver')); setState('out'); });
    ask();
  }, []);

  if (state === 'asking') return <main id="main" class="login"><Loading /></main>;
  const leave = () => { setSession(null); setProblem(''); setState('out'); };
  if (state === 'in' && session) return <>{children(session, leave)}</>;
  return (
    <main id="main" class="login">
      <div class="card">
        <div class="brand"><span class="mark" aria-hidden="true" />lowbalance</div>
        <h1 tabIndex={-1}>{t(state === 'no role' ? 'noRole' : 'login')}</h1>
        {state === 'off'
          ? <Notice kind="warn"><p>{t('noUsers')}</p><p class="fine">{problem}</p></Notice>
          : state === 'no role' ? (
            <>
              <Notice kind="warn">{problem}</Notice>
              <button type="button" onClick={() => logOut().then(leave, (error) => setProblem(errorText(error)))}>{t('logout')}</button>
            </>
          )
          : <Form problem={problem} onDone={ask} />}
        <Language />
      </div>
    </main>
  );
}

function Form(props: { problem: string; onDone: () => void }) {
  const [problem, setProblem] = useState(props.problem);
  const [busy, setBusy] = useState(false);
  useEffect(() => setProblem(props.problem), [props.problem]);
  const submit = async (event: Event) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    try {
      await send('POST', '/api/v1/session', { user: data.get('user'), password: data.get('password') });
      props.onDone();
    } catch (error) {
      setProblem(error instanceof ApiError && error.status === 401 ? t('wrongPassword') : errorText(error));
      setBusy(false);
    }
  };
  return (
    <form onSubmit={submit}>
      {problem && <Notice kind="bad">{problem}</Notice>}
      <label>{t('user')}<input name="user" autocomplete="username" autocapitalize="none" required autofocus /></label>
      <label>{t('password')}<input name="password" type="password" autocomplete="current-password" required /></label>
      <button class="primary" disabled={busy}>{t('login')}</button>
    </form>
  );
}
