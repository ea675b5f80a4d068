"""A mail server on a port of its own, which it prints; what it accepts becomes files.

The local part of a recipient says what becomes of a mail: refuse and later at RCPT, databad and
datalater after the body, drop hangs up after the body, hang never answers it. Once there is a file
named mended in the folder, all of them are accepted. A sender named badsender is refused.

--hang STAGE never answers at that stage, whoever the mail is for; --hold takes a mail and writes
it, and answers only once there is a file named release.
"""

import argparse
import asyncio
import json
import pathlib
import ssl

from aiosmtpd.smtp import SMTP, AuthResult

STAGES = ("banner", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "body", "QUIT")


async def for_ever():
    await asyncio.Event().wait()


class Handler:
    def __init__(self, folder, hang, hold):
        self.folder = pathlib.Path(folder)
        self.hang = hang
        self.hold = hold
        self.count = len(list(self.folder.glob("*.eml")))  # It may be a restart.

    async def handle_QUIT(self, server, session, envelope):
        (self.folder / f"quit-{session.peer[1]}").touch()
        return "221 bye"

    async def handle_MAIL(self, server, session, envelope, address, options):
        if address.startswith("badsender@"):
            return "550 5.7.1 sender refused"
        envelope.mail_from = address
        return "250 OK"

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
        (self.folder / f"{name}.eml").write_bytes(envelope.original_content)
        facts = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "peer": list(session.peer),
            "tls": session.ssl is not None,
            "login": session.auth_data.decode() if session.auth_data else None,
            "mechanism": getattr(session, "mechanism", None),
        }
        # Renamed into place: whoever looks sees it whole or not at all.
        unfinished = self.folder / f"{name}.unfinished"
        unfinished.write_text(json.dumps(facts))
        unfinished.rename(self.folder / f"{name}.json")
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
    args = parser.parse_args()

    def authenticate(server, session, envelope, mechanism, data):
        session.mechanism = mechanism
        given = f"{data.login.decode()}:{data.password.decode()}"
        return AuthResult(success=given == args.login, handled=False, auth_data=data.login)

    context = None
    if args.cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(args.cert)
    handler = Handler(args.folder, args.hang, args.hold)
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
