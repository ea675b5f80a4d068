"""A local double of Alibaba Cloud's billing, token and directory services and of the ECS metadata
server, all on one loopback port.

It checks signatures, dates, nonces and bodies as the real gateways are documented to, answers in
their forms, keeps every request it was sent, and misbehaves on request:

    double = Double(enterprise).start()
    double.fault("QueryAccountBalance", error(400, "Throttling.User"), times=1)
    ...
    double.stop()
"""

import collections
import dataclasses
import json
import os
import re
import threading
import time
import uuid

import signatures
from enterprise import Key, rfc3339
from http_face import Face
from signatures import Refused

BILLING, FUNDS, STS, DIRECTORY = "2017-12-14", "2023-09-30", "2015-04-01", "2022-04-19"
CLOCK_TOLERANCE = 15 * 60


@dataclasses.dataclass
class Reply:
    status: int = 200
    body: bytes = b""
    headers: tuple = ()
    manner: str = "well"  # Else how http_face misbehaves.

    @staticmethod
    def of(value, status=200, headers=()):
        text = re.sub(r'"@number:([-0-9.]+)"', r"\1", json.dumps(value, ensure_ascii=False))
        return Reply(status, text.encode(),
                     (("Content-Type", "application/json;charset=utf-8"), *headers))


def error(status, code, message="", headers=()):
    """A fault: the gateway's error envelope."""
    return lambda _: Reply.of({"RequestId": str(uuid.uuid4()).upper(), "HostId": "double",
                               "Code": code, "Message": message or code,
                               "Recommend": "https://example.com"}, status, headers)


def raw(body, status=200, content_type="text/html", manner="well"):
    """A fault: this body, in this manner."""
    return lambda _: Reply(status, body, (("Content-Type", content_type),), manner)


def changed(change):
    """A fault: the good reply with what `change` makes of its body."""
    def answer(good):
        value = json.loads(good.body)
        text = change(value)
        return Reply.of(value) if text is None else Reply(200, text.encode(), good.headers)
    return answer


def manner(name):
    """A fault: the good reply, sent badly."""
    return lambda good: dataclasses.replace(good, manner=name)


class Double:
    def __init__(self, enterprise, metadata="{}"):
        self.enterprise = enterprise
        self.metadata = metadata
        self.clock_offset = 0.0
        self.limits = {}  # Operation to requests a second of one account.
        self.throttle = (400, "Throttling.User", ())
        self.role_lifetime = 3600
        self.metadata_tokens = True  # Whether the metadata server hands out session tokens.
        self.metadata_role = ""  # The instance's role; empty: none.
        self.proxied = 0  # Requests that came to us as to a proxy.
        self.records = []  # Of every request: what came and what became of it.
        self.lock = threading.RLock()
        self._faults = []
        self._nonces = set()
        self._recent = collections.defaultdict(collections.deque)
        self._face = Face(self)
        self.port = self._face.port
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self):
        self._face.start()
        return self

    def stop(self):
        self._face.stop()

    # ---- For tests.

    def fault(self, operation, answer, account=None, times=None):
        """From now on, `times` times, `answer(good reply)` is what `operation` gets (about
        `account`: the fund account asked for, or whose key it is)."""
        with self.lock:
            self._faults.append([operation, account, answer, times])

    def heal(self):
        with self.lock:
            self._faults.clear()

    def connections_made(self):
        return self._face.made

    def count(self, operation, verdict=None):
        with self.lock:
            return sum(1 for r in self.records if r["operation"] == operation
                       and verdict in (None, r["verdict"]))

    # ---- What the face calls.

    def answer(self, request):
        record = {"method": request.method, "target": request.target, "headers": request.headers,
                  "body": request.body.decode(errors="replace"), "operation": "", "scheme": "",
                  "verdict": "ok", "at": time.monotonic()}
        with self.lock:
            self.records.append(record)
            try:
                return self._answer(request, record)
            except Refused as refused:
                record["verdict"] = refused.code
                return error(refused.status, refused.code, refused.message, refused.headers)(None)

    def _answer(self, request, record):
        if request.path.startswith("/latest/"):
            record["operation"] = "metadata"
            return self._metadata_server(request)
        if request.path != "/":
            raise Refused(404, "InvalidAction.NotFound")
        signed = signatures.read(request)
        record.update(operation=signed.operation, scheme=signed.scheme,
                      access_key_id=signed.access_key_id)
        if (signed.operation, signed.version) not in OPERATIONS:
            raise Refused(404, "InvalidAction.NotFound", "Specified api is not found.")
        serve, is_open = OPERATIONS[(signed.operation, signed.version)]
        caller = None if is_open and signed.scheme == "none" else self._caller(request, signed)
        fault = self._find_fault(signed, caller)
        try:
            self._permit(signed, caller)
            good = Reply.of(self._with_id(serve(self, caller, signed.parameters)))
        except Refused as refused:
            if not fault:
                raise
            good = error(refused.status, refused.code)(None)
        if fault:
            record["verdict"] = "fault"
            return fault(good)
        return good

    def _caller(self, request, signed):
        """The checks of a gateway, in the order we suppose."""
        if signed.scheme == "none":
            raise Refused(400, "MissingSecurityToken" if signed.access_key_id else
                          "IncompleteSignature", "The request is not signed.")
        key = self.enterprise.keys.get(signed.access_key_id)
        if key is None:
            raise Refused(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
        now = time.time() + self.clock_offset
        if abs(signatures.parse_date(signed.date) - now) > CLOCK_TOLERANCE:
            raise Refused(400, "InvalidTimeStamp.Expired",
                          "Specified time stamp or date value is expired.")
        if not signed.nonce or signed.nonce in self._nonces:
            raise Refused(400, "SignatureNonceUsed",
                          "Specified signature nonce was used already.")
        self._nonces.add(signed.nonce)
        signatures.check(request, key.secret)
        if key.token and not signed.security_token:
            raise Refused(400, "MissingSecurityToken")
        if key.token != signed.security_token:
            raise Refused(400, "InvalidSecurityToken.MismatchWithAccessKey")
        if now >= key.expires:
            raise Refused(400, "InvalidSecurityToken.Expired")
        return key

    def _permit(self, signed, caller):
        operation = signed.operation
        account = caller.account if caller else ""
        limit = self.limits.get(operation)
        if limit:
            recent = self._recent[(operation, account)]
            now = time.monotonic()
            while recent and recent[0] <= now - 1:
                recent.popleft()
            if len(recent) >= limit:
                status, code, headers = self.throttle
                raise Refused(status, code, "Request was denied due to user flow control.",
                              headers)
            recent.append(now)
        if caller and operation in caller.denied:
            raise Refused(400, "NoPermission" if signed.version == FUNDS else "NotAuthorized",
                          "You are not authorized to perform this operation.")
        if signed.version in (BILLING, FUNDS) and self.enterprise.site != "china":
            raise Refused(400, "NotApplicable",
                          "You are not authorized to call the API operation. Please check whether "
                          "the caller site matches the API domain regionId.")

    def _find_fault(self, signed, caller):
        about = signed.parameters.get("FundAccountId") or (caller.account if caller else "")
        for fault in self._faults:
            operation, account, answer, times = fault
            if operation != signed.operation or account not in (None, about):
                continue
            if times is not None:
                fault[3] -= 1
                if fault[3] == 0:
                    self._faults.remove(fault)
            return answer
        return None

    @staticmethod
    def _with_id(value):
        return {"RequestId": str(uuid.uuid4()).upper(), **value}

    # ---- Operations.

    def _fund_account(self, caller, parameters):
        wanted = parameters.get("FundAccountId")
        if not wanted:
            account = self.enterprise.owned_by(caller.account)
        else:
            account = self.enterprise.fund_accounts.get(wanted)
            if account and caller.account not in (account.owner, *account.managers):
                account = None
        if account is None:
            raise Refused(400, "NoFundAccountPermission",
                          "The caller does not have permission for the specified fund account.")
        return account

    def fund_account_amount(self, caller, parameters):
        return self._fund_account(caller, parameters).amount(self.metadata)

    def alarm(self, caller, parameters):
        account = self._fund_account(caller, parameters)
        value = {"Metadata": self.metadata, "AlarmEnabled": account.alarm}
        if account.threshold is not None:
            value["ThresholdAmount"] = account.threshold
        return value

    def list_fund_accounts(self, caller, parameters):
        managed_only = parameters.get("QueryOnlyManage") == "true"
        return {"Metadata": self.metadata, "Data": [
            account.listed() for account in self.enterprise.fund_accounts.values()
            if caller.account in account.managers
            or (not managed_only and caller.account == account.owner)]}

    def account_balance(self, caller, _):
        account = self.enterprise.owned_by(caller.account)
        return {"Code": "200", "Message": "success", "Success": True, "Data": account.balance()}

    def bill_overview(self, caller, parameters):
        items = [{"OutstandingAmount": number(bill.outstanding),
                  "PretaxGrossAmount": number(bill.gross), "RoundDownDiscount": "0"}
                 for bill in self.enterprise.bills.get(caller.account, [])
                 if bill.month == parameters["BillingCycle"]]
        return {"Code": "Success", "Message": "Successful!", "Success": True, "Data": {
            "BillingCycle": parameters["BillingCycle"], "AccountID": caller.account,
            "Items": {"Item": items}}}

    def relation_list(self, _, parameters):
        return {"Code": "Success", "Message": "Successful!", "Success": True, "Data": {
            "PageNum": int(parameters.get("PageNum", "1")), "PageSize": 20, "TotalCount": 1,
            "FinancialRelationInfoList": [{"AccountId": 5, "AccountType": "MEMBER", "RelationId": 3,
                                           "State": "RELATED"}]}}

    def list_members(self, _, parameters):
        size, start = int(parameters.get("MaxResults", "10")), int(parameters.get("NextToken", "0"))
        if not 1 <= size <= 100:
            raise Refused(400, "InvalidParameter.MaxResults")
        members = list(self.enterprise.members.items())
        page = {"Accounts": {"Account": [
            {"AccountId": id, "DisplayName": name, "Type": "ResourceAccount", "Status": status}
            for id, (name, status) in members[start:start + size]]}}
        if start + size < len(members):
            page["NextToken"] = str(start + size)
        return page

    def _new_role(self, role_arn, session):
        account = role_arn.split(":")[3]
        id = "STS." + uuid.uuid4().hex[:20]
        lifetime = self.role_lifetime
        expires = time.time() + self.clock_offset + lifetime
        self.enterprise.keys[id] = Key(os.urandom(15).hex(), account, "CAIS+" + os.urandom(30).hex(),
                                       expires)
        key = self.enterprise.keys[id]
        return {"Credentials": {"AccessKeyId": id, "AccessKeySecret": key.secret,
                                "SecurityToken": key.token,
                                # Whole seconds, as the real one; never later than it is.
                                "Expiration": rfc3339(expires)},
                "AssumedRoleUser": {"Arn": f"{role_arn}/{session}", "AssumedRoleId": "3:" + session}}

    def assume_role(self, _, parameters):
        arn = parameters["RoleArn"]
        if arn not in self.enterprise.roles:
            raise Refused(403, "NoPermission", "You are not authorized to do this action.")
        if not 900 <= int(parameters["DurationSeconds"]) <= 43200:
            raise Refused(400, "InvalidParameter.DurationSeconds")
        return self._new_role(arn, parameters["RoleSessionName"])

    def assume_role_with_oidc(self, _, parameters):
        if parameters["OIDCToken"] not in self.enterprise.oidc_tokens:
            raise Refused(400, "AuthenticationFail.OIDCToken.Invalid")
        if not parameters["OIDCProviderArn"]:
            raise Refused(400, "MissingOIDCProviderArn")
        return self._new_role(parameters["RoleArn"], parameters["RoleSessionName"])

    def caller_identity(self, caller, _):
        return {"AccountId": caller.account, "IdentityType": "RAMUser", "UserId": "2",
                "Arn": f"acs:ram::{caller.account}:user/reader"}

    # ---- The ECS metadata server.

    def _metadata_server(self, request):
        token = "metadata-session-token"
        if request.path == "/latest/api/token":
            if not self.metadata_tokens:
                return Reply(404)
            if request.method != "PUT" or not request.header(
                    "x-aliyun-ecs-metadata-token-ttl-seconds"):
                return Reply(400)
            return Reply(200, token.encode())
        if self.metadata_tokens and request.header("x-aliyun-ecs-metadata-token") != token:
            return Reply(403)
        prefix = "/latest/meta-data/ram/security-credentials/"
        if not self.metadata_role or not request.path.startswith(prefix):
            return Reply(404)
        name = request.path[len(prefix):]
        if not name:
            return Reply(200, self.metadata_role.split("/")[-1].encode())
        if name != self.metadata_role.split("/")[-1]:
            return Reply(404)
        role = self._new_role(self.metadata_role, "ecs")
        return Reply.of({"Code": "Success", **role["Credentials"]})


def number(text):
    """A JSON number that stands in the reply as it is written here."""
    return f"@number:{text}"


OPERATIONS = {  # (name, version) to (method, whether it may come unsigned).
    ("GetFundAccountAvailableAmount", FUNDS): (Double.fund_account_amount, False),
    ("GetFundAccountLowAvailableAmountAlarm", FUNDS): (Double.alarm, False),
    ("ListFundAccount", FUNDS): (Double.list_fund_accounts, False),
    ("QueryAccountBalance", BILLING): (Double.account_balance, False),
    ("QueryBillOverview", BILLING): (Double.bill_overview, False),
    ("QueryRelationList", BILLING): (Double.relation_list, False),
    ("ListAccounts", DIRECTORY): (Double.list_members, False),
    ("AssumeRole", STS): (Double.assume_role, False),
    ("AssumeRoleWithOIDC", STS): (Double.assume_role_with_oidc, True),
    ("GetCallerIdentity", STS): (Double.caller_identity, False),
}
