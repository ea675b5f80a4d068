"""What a gateway computes to hold a request's signature against, written from the vendor's pages
alone: nothing here is shared with the program under test."""

import base64
import dataclasses
import datetime
import hashlib
import hmac
import re
import urllib.parse

ALGORITHM = "ACS3-HMAC-SHA256"
_AUTHORIZATION = re.compile(
    r"ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]{64})")


class Refused(Exception):
    """What the gateway answers instead of a result."""

    def __init__(self, status, code, message="", headers=()):
        super().__init__(code)
        self.status, self.code, self.message, self.headers = status, code, message, headers


@dataclasses.dataclass
class Request:
    method: str
    target: str  # As it stood in the request line.
    headers: list  # Pairs, as they came.
    body: bytes

    def header(self, name, default=""):
        values = [value for key, value in self.headers if key.lower() == name]
        return values[-1] if values else default

    @property
    def path(self):
        return self.target.split("?", 1)[0]

    @property
    def query(self):
        text = self.target.split("?", 1)[1] if "?" in self.target else ""
        return urllib.parse.parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text))

    @property
    def form(self):
        if not self.header("content-type").startswith("application/x-www-form-urlencoded"):
            return []
        text = self.body.decode()
        return urllib.parse.parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text))


def encode(text):
    return urllib.parse.quote(text, safe="-_.~")


def canonical_query(pairs):
    return "&".join(f"{encode(key)}={encode(value)}" for key, value in sorted(pairs))


def parse_date(text):
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text):
        raise Refused(400, "InvalidTimeStamp.Format", "Specified time stamp is not well formatted.")
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(
        tzinfo=datetime.timezone.utc).timestamp()


@dataclasses.dataclass
class Signed:
    """What a request says of itself, before it is believed."""

    scheme: str  # "acs3", "rpc", "none".
    operation: str
    version: str
    parameters: dict
    access_key_id: str = ""
    security_token: str = ""
    date: str = ""
    nonce: str = ""


def read(request):
    parameters = dict(request.query + request.form)
    if request.header("authorization").startswith(ALGORITHM):
        found = _AUTHORIZATION.fullmatch(request.header("authorization"))
        if not found:
            raise Refused(400, "IncompleteSignature", "The Authorization header is malformed.")
        return Signed("acs3", request.header("x-acs-action"), request.header("x-acs-version"),
                      parameters, found[1], request.header("x-acs-security-token"),
                      request.header("x-acs-date"), request.header("x-acs-signature-nonce"))
    signed = "Signature" in parameters
    return Signed("rpc" if signed else "none", parameters.get("Action", ""),
                  parameters.get("Version", ""), parameters, parameters.get("AccessKeyId", ""),
                  parameters.get("SecurityToken", ""), parameters.get("Timestamp", ""),
                  parameters.get("SignatureNonce", ""))


def canonical_request(request, names):
    """Names the headers that have to be signed; those that are not are refused."""
    sent = {}
    for key, value in request.headers:
        sent.setdefault(key.lower(), []).append(value.strip())
    wanted = {name for name in sent if name.startswith("x-acs-") or name == "host"}
    if "content-type" in sent:
        wanted.add("content-type")
    if set(names) != wanted or names != sorted(names):
        raise Refused(400, "IncompleteSignature",
                      f"signed are {names}, to be signed {sorted(wanted)}")
    payload = hashlib.sha256(request.body).hexdigest()
    if sent.get("x-acs-content-sha256") != [payload]:
        raise Refused(400, "SignatureDoesNotMatch", "x-acs-content-sha256 is not the body's hash.")
    lines = "".join(f"{name}:{','.join(sorted(sent[name]))}\n" for name in names)
    return "\n".join([request.method, request.path, canonical_query(request.query), lines,
                      ";".join(names), payload])


def check(request, secret):
    """Raises Refused unless the request was signed with `secret`."""
    signed = read(request)
    if signed.scheme == "acs3":
        found = _AUTHORIZATION.fullmatch(request.header("authorization"))
        text = canonical_request(request, found[2].split(";"))
        to_sign = ALGORITHM + "\n" + hashlib.sha256(text.encode()).hexdigest()
        right = hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(right, found[3]):
            raise Refused(400, "SignatureDoesNotMatch", "Specified signature is not matched.")
        return
    pairs = [(key, value) for key, value in request.query + request.form if key != "Signature"]
    to_sign = f"{request.method}&%2F&{encode(canonical_query(pairs))}"
    right = base64.b64encode(hmac.new(f"{secret}&".encode(), to_sign.encode(),
                                      hashlib.sha1).digest()).decode()
    if not hmac.compare_digest(right, signed.parameters["Signature"]):
        # The real gateway shows what it signed, the caller's AccessKey id in it.
        raise Refused(400, "SignatureDoesNotMatch",
                      f"Specified signature is not matched with our calculation. "
                      f"server string to sign is:{to_sign}")
