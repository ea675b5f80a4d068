#!/usr/bin/python3
"""The double's own check of signatures, held against the published vectors: what the program under
test is measured with must be right by itself."""

import json
import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import signatures  # noqa: E402  pylint: disable=wrong-import-position

VECTORS = json.loads((pathlib.Path(__file__).parents[2] / "testdata" / "alibaba" /
                      "signing-vectors.json").read_text(encoding="utf-8"))


def request_of(vector, **changes):
    target = "/" + ("?" + signatures.canonical_query(vector["query"].items())
                    if vector.get("query") else "")
    headers = [*vector["headers"].items(), ("authorization", vector["auth"])]
    return signatures.Request(**{"method": vector["method"], "target": target, "headers": headers,
                                 "body": vector["body"].encode(), **changes})


class VectorsTest(unittest.TestCase):
    def test_all_vectors_of_the_header_scheme_are_accepted(self):
        vectors = [vector for vector in VECTORS if vector["kind"] == "v3"]
        self.assertEqual(len(vectors), 8)
        for vector in vectors:
            with self.subTest(vector["name"]):
                request = request_of(vector)
                names = re.search("SignedHeaders=([^,]+)", vector["auth"])[1].split(";")
                self.assertEqual(signatures.canonical_request(request, names), vector["cr"])
                signatures.check(request, vector["sk"])

    def test_all_vectors_of_the_query_scheme_are_accepted(self):
        vectors = [vector for vector in VECTORS if vector["kind"] == "v1"]
        self.assertEqual(len(vectors), 9)
        for vector in vectors:
            with self.subTest(vector["name"]):
                pairs = [*vector["params"].items(), ("Signature", vector["sig"])]
                signatures.check(signatures.Request(
                    vector["method"], "/?" + signatures.canonical_query(pairs), [], b""),
                    vector["sk"])

    def test_whatever_is_altered_is_noticed(self):
        vector = next(v for v in VECTORS if v["name"].startswith("C GetFundAccount"))
        good = request_of(vector)
        altered = {
            "method": {"method": "GET"},
            "parameter": {"target": "/?FundAccountId=1"},
            "body": {"body": b"FundAccountId=12332113"},
            "date": {"headers": [(k, v.replace("03:04:05Z", "03:04:06Z"))
                                 for k, v in good.headers]},
            "host": {"headers": [(k, v.replace("business.", "b.")) for k, v in good.headers]},
            "unsigned header": {"headers": [*good.headers, ("x-acs-extra", "1")]},
        }
        for what, change in altered.items():
            with self.subTest(what), self.assertRaises(signatures.Refused):
                signatures.check(request_of(vector, **change), vector["sk"])
        with self.assertRaises(signatures.Refused):
            signatures.check(good, "another secret")


if __name__ == "__main__":
    unittest.main()
