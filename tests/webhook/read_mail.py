"""Reads the mails named on the command line and prints what they say as JSON."""

import email
import email.policy
import email.utils
import json
import sys


def read(path):
    with open(path, "rb") as file:
        mail = email.message_from_binary_file(file, policy=email.policy.default)
    parts = {part.get_content_type(): part for part in mail.iter_parts()}
    defects = [str(d) for part in mail.walk() for d in part.defects]
    for header in mail.values():
        defects += [str(d) for d in header.defects]
    name, address = mail["From"].addresses[0].display_name, mail["From"].addresses[0].addr_spec
    return {
        "headers": {name: str(value) for name, value in mail.items()},
        "from_name": name,
        "from_address": address,
        "type": mail.get_content_type(),
        "text": parts["text/plain"].get_content().replace("\r\n", "\n"),
        "html": parts["text/html"].get_content().replace("\r\n", "\n"),
        "defects": defects,
    }


json.dump([read(path) for path in sys.argv[1:]], sys.stdout)
