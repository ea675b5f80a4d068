"""Accounts as the vendor has them, and what its operations say of them."""

import dataclasses
import datetime


@dataclasses.dataclass
class FundAccount:
    """Amounts are texts: what they look like is part of what is tested."""

    id: str
    owner: str
    name: str = ""
    currency: str = "CNY"
    status: str = "VALID"
    kind: str = "DIRECT_USER"
    cash: str = "50"
    credit: str = "100"
    refunds: str = "0"
    current_month: str = "20"
    previous_months: str = "30"
    available: str = "100"
    threshold: str | None = None
    alarm: bool = False
    managers: tuple = ()  # Accounts that may ask beside the owner.

    def amount(self, metadata):
        return {
            "Metadata": metadata, "FundAccountId": self.id,
            "FundAccountOwnerAccountId": self.owner, "FundAccountStatus": self.status,
            "FundAccountType": self.kind, "AvailableAmount": self.available,
            "CashAmount": self.cash, "NegativeBillAmount": "0", "CreditAmount": self.credit,
            "AvailableCreditAmount": self.credit, "CreditRefundAmount": self.refunds,
            "UnclearedAmount": "0", "CurrentMonthUnclearedAmount": self.current_month,
            "HistoryMonthUnclearedAmount": self.previous_months, "BankAcceptanceAmount": "0",
            "ExtendLedgerList": [{"Currency": self.currency, "LedgerName": "应付对冲账本",
                                  "OriginalAmount": "50"}],
            "Currency": self.currency, "OriginalCashAmountList": [
                {"Amount": "10", "Currency": "USD"}],
            "QuotaAmount": "20", "QuotaConsumedAmount": "10", "CreditUser": self.credit != "0"}

    def listed(self):
        return {"Site": "CN", "Nbid": "26842", "FundAccountId": self.id,
                "FundAccountName": self.name, "FundAccountOwnerAccountId": self.owner,
                "FundAccountType": self.kind, "FundAccountStatus": self.status,
                "FundAccountAdminAccountId": self.owner, "FundAccountAdminAccountName": "admin",
                "CreateDate": "2025-03-03 10:00:00", "Permissions": ["using", "manage"]}

    def balance(self):
        return {"AvailableAmount": self.available, "AvailableCashAmount": self.cash,
                "CreditAmount": self.credit, "MybankCreditAmount": "0.00",
                "Currency": self.currency, "QuotaLimit": "10000.00\n"}


@dataclasses.dataclass
class Key:
    secret: str
    account: str  # Whose it is.
    token: str = ""
    expires: float = float("inf")
    denied: frozenset = frozenset()  # Operations the RAM policy does not allow.


@dataclasses.dataclass
class Bill:
    month: str
    outstanding: str  # A JSON number, as it stands.
    gross: str = "0"


@dataclasses.dataclass
class Enterprise:
    site: str = "china"
    fund_accounts: dict = dataclasses.field(default_factory=dict)
    members: dict = dataclasses.field(default_factory=dict)  # Account id to (name, status).
    keys: dict = dataclasses.field(default_factory=dict)
    roles: set = dataclasses.field(default_factory=set)  # ARNs that may be assumed.
    bills: dict = dataclasses.field(default_factory=dict)  # Account id to bills.
    oidc_tokens: dict = dataclasses.field(default_factory=dict)  # Token to account id.

    def add(self, account):
        self.fund_accounts[account.id] = account
        return account

    def owned_by(self, account_id):
        owned = [a for a in self.fund_accounts.values() if a.owner == account_id]
        return owned[0] if owned else None


def rfc3339(instant):
    return datetime.datetime.fromtimestamp(instant, datetime.timezone.utc).strftime(
        "%Y-%m-%dT%H:%M:%SZ")
