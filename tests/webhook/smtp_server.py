"""A mail server on a port of its own, which it prints; what it accepts becomes files.

The local part of a recipient says what becomes of a mail: refuse and later at RCPT, databad and
datalater after the body, drop hangs up after the body, hang never answers it. Once there is a file
named mended in the folder, all of them are accepted. A sender named badsender is refused.

--hang STAGE never answers at that stage, whoever the mail is for; --hold takes a mail and writes
it, and answers only once there is a file named release. --per-connection N hangs up with 421 at
the next mail after N of a connection; --per-second N defers with 450 what is more than that.
"""

import argparse
import asyncio
import json
import pathlib
import ssl
import time

from aiosmtpd.smtp import SMTP, AuthResult

STAGES = ("banner", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "body", "QUIT")


async def for_ever():
    await asyncio.Event().wait()


class Handler:
    def __init__(self, folder, hang, hold, per_connection=None, per_second=None):
        self.folder = pathlib.Path(folder)
        self.hang = hang
        self.hold = hold
        self.per_connection = per_connection
        self.per_second = per_second
        self.recent = []  # When the mails of the last second came.
        self.count = len(list(self.folder.glob("*.eml")))  # It may be a restart.

    async def handle_QUIT(self, server, session, envelope):
        (self.folder / f"quit-{session.peer[1]}").touch()
        return "221 bye"

    async def handle_MAIL(self, server, session, envelope, address, options):
        if address.startswith("badsender@"):
            return "550 5.7.1 sender refused"
        refused = self.too_many(server, session)
        if refused:
            return refused
        envelope.mail_from = address
        return "250 OK"

    def too_many(self, server, session):
        """What to say to a mail that is more than is allowed."""
        if self.per_connection is not None:
            session.mails = getattr(session, "mails", 0) + 1
            if session.mails > self.per_connection:
                asyncio.get_running_loop().call_later(0.01, server.transport.close)
                return self.note("421 4.7.0 too many messages in this session")
        if self.per_second is not None:
            now = time.monotonic()
            self.recent = [then for then in self.recent if now - then < 1]
            if len(self.recent) >= self.per_second:
                return self.note("450 4.7.1 rate limit exceeded")
            self.recent.append(now)
        return None

    def note(self, answer):
        """Counts it: the file of the code grows by a byte."""
        with open(self.folder / f"answered-{answer[:3]}", "ab") as file:
            file.write(b".")
        return answer

    def fate(self, address):
        return "" if (self.folder / "mended").exists() else address.split("@")[0]

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = {
            "refuse": "550 5.1.1 no such user here",
            "later": "450 4.2.1 greylisted",
            "needlogin": "530 5.7.0 log in first",
        }.get(self.fate(address))
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    def _put(self, name, content):
        # Renamed into place: whoever looks sees it whole or not at all.
        unfinished = self.folder / f"{name}.unfinished"
        unfinished.write_bytes(content)
        unfinished.rename(self.folder / name)

    async def handle_DATA(self, server, session, envelope):
        fate = self.fate(envelope.rcpt_tos[0])
        if fate == "hang" or self.hang == "body":
            await for_ever()
        if fate == "drop":
            server.transport.abort()
            return "250 nobody hears this"
        if fate == "databad":
            return "554 5.6.0 content refused"
        if fate == "datalater":
            return "451 4.3.0 disk full"
        self.count += 1
        name = f"{self.count:04}"
        self._put(f"{name}.eml", envelope.original_content)
        facts = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "peer": list(session.peer),
            "tls": session.ssl is not None,
            "login": session.auth_data.decode() if session.auth_data else None,
            "mechanism": getattr(session, "mechanism", None),
        }
        self._put(f"{name}.json", json.dumps(facts).encode())
        while self.hold and not (self.folder / "release").exists():
            await asyncio.sleep(0.01)
        return "250 accepted"


def hanging(stage):
    """SMTP that never answers at a stage."""

    class Hanging(SMTP):
        async def _handle_client(self):
            if stage == "banner":
                await for_ever()
            await super()._handle_client()

    if stage in ("banner", "body", None):
        return Hanging

    async def hang(self, arg):
        await for_ever()

    answer = getattr(SMTP, f"smtp_{stage}")
    hang.__dict__.update(answer.__dict__)  # What it says of itself in HELP.
    setattr(Hanging, f"smtp_{stage}", hang)
    return Hanging


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--login", help="user:password, then wanted")
    parser.add_argument("--mechanism", choices=("PLAIN", "LOGIN"), help="the only one offered")
    parser.add_argument("--cert", help="certificate and key in one file: STARTTLS is offered")
    parser.add_argument("--tls", action="store_true", help="TLS from the start")
    parser.add_argument("--hang", choices=STAGES)
    parser.add_argument("--hold", action="store_true")
    parser.add_argument("--per-connection", type=int)
    parser.add_argument("--per-second", type=int)
    args = parser.parse_args()

    def authenticate(server, session, envelope, mechanism, data):
        session.mechanism = mechanism
        given = f"{data.login.decode()}:{data.password.decode()}"
        return AuthResult(success=given == args.login, handled=False, auth_data=data.login)

    context = None
    if args.cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(args.cert)
    handler = Handler(args.folder, args.hang, args.hold, args.per_connection, args.per_second)
    excluded = {"PLAIN", "LOGIN"} - {args.mechanism} if args.mechanism else None
    smtp = hanging(args.hang)

    def connection():
        return smtp(
            handler,
            hostname="test",
            tls_context=None if args.tls else context,
            authenticator=authenticate if args.login else None,
            auth_required=bool(args.login),
            auth_require_tls=False,
            auth_exclude_mechanism=excluded,
        )

    async def serve():
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            connection, "127.0.0.1", args.port, ssl=context if args.tls else None
        )
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()

    asyncio.run(serve())


main()
