// The accounts console: which page the address names.

import { render } from 'preact';
import { t, useLanguage } from '../shared/i18n';
import { Gate } from '../shared/login';
import { useLocation } from '../shared/router';
import { Header, Session } from '../shared/ui';
import { AccountPage } from './account';
import { AuditPage } from './audit';
import { ListPage } from './list';

function Page({ session, leave }: { session: Session; leave: () => void }) {
  useLanguage();
  const url = useLocation();
  const parts = url.pathname.split('/').slice(1).map(decodeURIComponent);
  const one = parts[0] === 'accounts' && parts.length === 3;
  document.title = `${one ? parts[2] : t(parts[0] === 'edits' ? 'audit' : 'accounts')} · lowbalance`;
  return (
    <>
      <Header session={session} here="accounts" onLogout={leave} links={[
        { href: '/accounts', text: t('accounts'), current: parts[0] === 'accounts' },
        { href: '/edits', text: t('audit'), current: parts[0] === 'edits' },
      ]} />
      <main id="main">
        {parts[0] === 'edits' ? <AuditPage />
          : one ? <AccountPage session={session} provider={parts[1]} accountId={parts[2]} key={url.pathname} />
          : <ListPage session={session} url={url} />}
      </main>
    </>
  );
}

render(<Gate>{(session, leave) => <Page session={session} leave={leave} />}</Gate>, document.getElementById('app')!);
