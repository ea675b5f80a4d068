#!/usr/bin/python3
"""`lowbalance sources test` with credentials from every place they may be, and without any."""

import argparse
import json
import pathlib
import sys
import time

from alibaba_bench import Bench
from enterprise import Enterprise, FundAccount, Key

ROLE = "acs:ram::3001:role/reader"
NOWHERE = {"HOME": "/nonexistent"}
KEY = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAIown", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "own-secret"}
CLI_PROFILES = {"current": "key", "profiles": [
    {"name": "key", "mode": "AK", "access_key_id": "LTAIown", "access_key_secret": "own-secret"},
    {"name": "token", "mode": "StsToken", "access_key_id": "STS.own",
     "access_key_secret": "sts-secret", "sts_token": "CAIS-own"},
    {"name": "role", "mode": "RamRoleArn", "access_key_id": "LTAIother",
     "access_key_secret": "other-secret", "ram_role_arn": ROLE, "ram_session_name": "cli",
     "expired_seconds": 900},
    {"name": "chained", "mode": "ChainableRamRoleArn", "source_profile": "other",
     "ram_role_arn": ROLE},
    {"name": "other", "mode": "AK", "access_key_id": "LTAIother",
     "access_key_secret": "other-secret"},
    {"name": "instance", "mode": "EcsRamRole"},
    {"name": "loop", "mode": "ChainableRamRoleArn", "source_profile": "loop", "ram_role_arn": ROLE},
    {"name": "browser", "mode": "CloudSSO"},
    {"name": "half", "mode": "AK", "access_key_id": "LTAIown"}]}
INI = f"""# comment
[default]
type = access_key
access_key_id = LTAIown
access_key_secret = own-secret
[role]
type = ram_role_arn
access_key_id = LTAIother
access_key_secret = other-secret
role_arn = {ROLE}
"""


class Command:
    def __init__(self, bench):
        self.bench = bench
        self.double = bench.double

    def run(self, source, environment, *words):
        self.bench.write([{"name": "mine", "site": "china", **source}])
        code, out, err = self.bench.sources_test(*words, environment={**NOWHERE, **environment})
        for id, key in self.double.enterprise.keys.items():
            assert key.secret not in out + err, f"the secret of {id} is shown"
            assert not key.token or key.token not in out + err, f"the token of {id} is shown"
        return code, out, err

    def good(self, credentials, environment=None, account="3001"):
        code, out, err = self.run({"credentials": credentials}, environment or {})
        assert code == 0, (credentials, out, err)
        assert f"account {account}\n      available credit 100.00 CNY, cash_balance 50.00" in out, out
        return out

    def bad(self, credentials, *told, environment=None):
        code, out, _ = self.run({"credentials": credentials}, environment or {})
        assert code == 1, (credentials, out)
        for word in told:
            assert word in out, f"{word!r} is not in:\n{out}"

    # ---- Places.

    def the_environment(self):
        self.good({"type": "environment"}, KEY)
        self.good({"type": "default"}, KEY)
        self.good({"type": "environment", "prefix": "MINE"},
                  {"MINE_ACCESS_KEY_ID": "STS.own", "MINE_ACCESS_KEY_SECRET": "sts-secret",
                   "MINE_SECURITY_TOKEN": "CAIS-own"})
        self.bad({"type": "environment"}, "the variable ALIBABA_CLOUD_ACCESS_KEY_ID is not set")

    def files(self):
        for name, text in (("id", "STS.own"), ("secret", "sts-secret"), ("token", "CAIS-own")):
            self.bench.secret_file(name, text)
        self.good({"type": "files", "access_key_id_file": "id", "access_key_secret_file": "secret",
                   "security_token_file": "token"})
        self.bad({"type": "files", "access_key_id_file": "id", "access_key_secret_file": "none"},
                 "none: No such file")

    def a_token_of_kubernetes(self):
        token = self.bench.secret_file("jwt", "header.payload.signature")
        self.double.enterprise.oidc_tokens["header.payload.signature"] = "3001"
        variables = {"ALIBABA_CLOUD_ROLE_ARN": ROLE, "ALIBABA_CLOUD_OIDC_TOKEN_FILE": token,
                     "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": "acs:ram::3001:oidc-provider/ack-rrsa-c1"}
        out = self.good({"type": "oidc"}, variables)
        assert "AssumeRoleWithOIDC: HTTP 200\n      (not shown: credentials)" in out, out
        assert "header.payload" not in out
        self.good({"type": "default"}, variables)
        self.good({"type": "oidc", "role_arn": ROLE, "oidc_token_file": token,
                   "oidc_provider_arn": "acs:ram::3001:oidc-provider/ack-rrsa-c1"})
        self.bad({"type": "oidc"}, "ALIBABA_CLOUD_OIDC_PROVIDER_ARN",
                 environment={"ALIBABA_CLOUD_ROLE_ARN": ROLE})
        wrong = self.bench.secret_file("wrong-jwt", "a.b.c")
        self.bad({"type": "oidc"}, "AssumeRoleWithOIDC: AuthenticationFail.OIDCToken.Invalid",
                 environment={**variables, "ALIBABA_CLOUD_OIDC_TOKEN_FILE": wrong})

    def profiles_of_the_vendors_command_line(self):
        home = self.bench.folder / "home"
        (home / ".aliyun").mkdir(parents=True)
        file = home / ".aliyun" / "config.json"
        file.write_text(json.dumps(CLI_PROFILES), encoding="utf-8")
        self.double.metadata_role = ROLE
        self.good({"type": "default"}, {"HOME": str(home)})
        for profile in ("key", "token", "role", "chained", "instance"):
            self.good({"type": "cli", "file": str(file), "profile": profile})
        self.good({"type": "cli"}, {"HOME": str(home), "ALIBABA_CLOUD_PROFILE": "role"})
        for profile, told in (("loop", "profiles that refer to one another"),
                              ("browser", 'is of the kind "CloudSSO"'),
                              ("half", 'profile "half" has no access_key_secret'),
                              ("none", 'has no profile "none"')):
            self.bad({"type": "cli", "file": str(file), "profile": profile}, told)
        self.bad({"type": "default"}, "metadata server", environment={
            "HOME": str(home), "ALIBABA_CLOUD_CLI_PROFILE_DISABLED": "true",
            "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true"})

    def the_vendors_other_file(self):
        file = self.bench.secret_file("credentials", INI)
        self.good({"type": "ini", "file": file})
        self.good({"type": "ini", "file": file, "profile": "role"})
        self.good({"type": "default"}, {"ALIBABA_CLOUD_CREDENTIALS_FILE": file})
        self.bad({"type": "ini", "file": file, "profile": "none"}, 'has no section "[none]"')

    def the_metadata_server(self):
        self.double.metadata_role = ROLE
        self.good({"type": "ecs"})
        self.good({"type": "default"})
        self.good({"type": "ecs", "role_name": "reader"})
        self.double.metadata_tokens = False
        self.good({"type": "ecs"})
        self.bad({"type": "ecs"}, "gives no token",
                 environment={"ALIBABA_CLOUD_IMDSV1_DISABLED": "true"})
        self.double.metadata_tokens = True
        self.double.metadata_role = ""
        self.bad({"type": "ecs"}, "the ECS metadata server gives no role name: HTTP 404")
        self.bad({"type": "default"}, "none in the environment")

    def a_credentials_uri(self):
        self.double.metadata_role = ROLE
        self.double.metadata_tokens = False
        uri = self.double.url + "/latest/meta-data/ram/security-credentials/reader"
        for kind in ("uri", "default"):
            self.good({"type": kind}, {"ALIBABA_CLOUD_CREDENTIALS_URI": uri})
        self.double.metadata_tokens = True
        self.bad({"type": "uri"}, "credentials URI: HTTP 403",
                 environment={"ALIBABA_CLOUD_CREDENTIALS_URI": uri})

    def a_role_on_top(self):
        other = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAIother",
                 "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "other-secret"}
        self.good({"type": "environment", "assume_role_arn": ROLE, "external_id": "x1"}, other)
        self.bad({"type": "environment", "assume_role_arn": ROLE.replace("reader", "admin")},
                 "AssumeRole: NoPermission", "sts:AssumeRole", environment=other)

    # ---- The command.

    def replies_are_shown_with_what_is_made_of_nothing(self):
        code, out, _ = self.run({}, KEY, "mine")
        assert code == 0, out
        for word in ("source mine (alibaba)", "GetFundAccountAvailableAmount: HTTP 200",
                     '"AvailableAmount": "100"', "nothing is made of:", 'BankAcceptanceAmount: "0"',
                     "ExtendLedgerList: [{", "1 read, 0 failed"):
            assert word in out, f"{word!r} is not in:\n{out}"
        code, _, err = self.run({}, KEY, "other")
        assert code == 2 and 'no source "other"' in err, err

    def failures_are_told_and_counted(self):
        self.double.enterprise.site = "international"
        code, out, _ = self.run({}, KEY)
        assert code == 1 and "NotApplicable" in out and "site: international" in out, out
        self.double.enterprise.site = "china"

    def a_proxy_is_used_where_the_environment_names_one(self):
        endpoints = {"billing": "http://business.example.invalid",
                     "sts": "http://sts.example.invalid"}
        proxy = {**KEY, "http_proxy": self.double.url}
        before = self.double.proxied
        code, out, _ = self.run({"endpoints": endpoints, "insecure_http": True}, proxy)
        assert code == 0 and self.double.proxied >= before + 2, out
        code, out, _ = self.run({"endpoints": endpoints, "insecure_http": True},
                                {**proxy, "no_proxy": "example.invalid"})
        assert code == 1 and "connection" in out, out

    def a_server_without_tls_is_refused_by_the_configuration(self):
        code, _, err = self.run({"endpoints": {"billing": "http://business.aliyuncs.com"}}, KEY)
        assert code == 2 and "insecure_http" in err, err


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="our programs")
    parser.add_argument("--tools", type=pathlib.Path, help="not used")
    arguments = parser.parse_args()
    enterprise = Enterprise()
    enterprise.add(FundAccount("601", "3001"))
    enterprise.add(FundAccount("602", "3999"))
    enterprise.keys.update({
        "LTAIown": Key("own-secret", "3001"), "LTAIother": Key("other-secret", "3999"),
        "STS.own": Key("sts-secret", "3001", token="CAIS-own", expires=time.time() + 3600)})
    enterprise.roles.add(ROLE)
    begun = time.monotonic()
    bench = Bench(arguments.bin.resolve(), enterprise, [])
    try:
        command = Command(bench)
        for name, step in vars(Command).items():
            if name.startswith("_") or name in ("run", "good", "bad"):
                continue
            step(command)
            print(f"{time.monotonic() - begun:5.1f} s  {name.replace('_', ' ')}", flush=True)
    finally:
        bench.double.stop()
    sys.exit(0)


if __name__ == "__main__":
    main()
