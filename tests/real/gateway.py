#!/usr/bin/env python3
"""A small S3 client of the tests' own: the judge of what s3tui did, quick enough for loops.

  gateway.py get BUCKET/KEY [FILE]  the object's bytes on stdout, under the SSE-C key in the file
  gateway.py uploads BUCKET      a line for each open multipart upload: key, id
  gateway.py put BUCKET/KEY FILE
  gateway.py rm BUCKET/KEY

The endpoint and keys are those that scripts/gateway writes into the environment.
"""
import base64
import hashlib
import hmac
import http.client
import os
import re
import sys
import time
import urllib.parse


def env(name):
    value = os.environ.get(name)
    if not value:
        sys.exit(f"{name} is not set")
    return value


class Gateway:
    """Signed requests."""

    def __init__(self, endpoint, access, secret):
        self.host = endpoint.removeprefix("http://")
        self.access, self.secret = access, secret
        self.connection = None

    def request(self, method, path, query=None, body=b"", headers=None, ok=(200, 204)):
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        scope = f"{stamp[:8]}/us-east-1/s3/aws4_request"
        quote = lambda text: urllib.parse.quote(text, safe="-_.~")
        target = urllib.parse.quote("/" + path, safe="/-_.~")
        rows = "&".join(f"{quote(k)}={quote(v)}" for k, v in sorted((query or {}).items()))
        all_headers = {"host": self.host, "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
                       "x-amz-date": stamp, **(headers or {})}
        names = sorted(all_headers)
        canonical = "\n".join([method, target, rows,
                               *(f"{n}:{all_headers[n]}" for n in names), "",
                               ";".join(names), "UNSIGNED-PAYLOAD"])
        to_sign = "\n".join(["AWS4-HMAC-SHA256", stamp, scope,
                             hashlib.sha256(canonical.encode()).hexdigest()])
        key = ("AWS4" + self.secret).encode()
        for word in (*scope.split("/"), to_sign):
            key = hmac.new(key, word.encode(), "sha256").digest()
        all_headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self.access}/{scope},"
            f"SignedHeaders={';'.join(names)},Signature={key.hex()}")
        for last in (False, True):
            try:
                if not self.connection:
                    self.connection = http.client.HTTPConnection(self.host, timeout=60)
                self.connection.request(method, target + (f"?{rows}" if rows else ""), body,
                                        all_headers)
                answer = self.connection.getresponse()
                data = answer.read()
                break
            except (http.client.HTTPException, OSError):
                self.connection = None  # an idle connection may be gone
                if last:
                    raise
        if answer.status not in ok:
            raise RuntimeError(f"{method} {path}: {answer.status} {data[:300]!r}")
        return answer.status, data

    def put(self, path, data):
        # public, so that a request without its signed Range is still answered
        self.request("PUT", path, body=data, headers={"x-amz-acl": "public-read"})

    def get(self, path, customer_key=None):
        status, data = self.request("GET", path, ok=(200, 404), headers=customer_key and {
            f"x-amz-server-side-encryption-customer-{name}": value for name, value in (
                ("algorithm", "AES256"), ("key", base64.b64encode(customer_key).decode()),
                ("key-md5", base64.b64encode(hashlib.md5(customer_key).digest()).decode()))})
        return data if status == 200 else None

    def keys(self, bucket, prefix):
        _, data = self.request("GET", bucket, {"list-type": "2", "prefix": prefix})
        return set(re.findall(r"<Key>([^<]*)</Key>", data.decode()))

    def uploads(self, bucket):
        _, data = self.request("GET", bucket, {"uploads": ""})
        return re.findall(r"<Key>([^<]*)</Key><UploadId>([^<]*)", data.decode())


def main():
    gateway = Gateway(env("S3TUI_TEST_ENDPOINT"), env("S3TUI_TEST_ACCESS_KEY"),
                      env("S3TUI_TEST_SECRET_KEY"))
    verb, path, *rest = sys.argv[1:]
    if verb == "get":
        data = gateway.get(path, open(rest[0], "rb").read() if rest else None)
        if data is None:
            sys.exit(f"{path}: there is none")
        sys.stdout.buffer.write(data)
    elif verb == "uploads":
        for key, upload in gateway.uploads(path):
            print(key, upload)
    elif verb == "put":
        with open(rest[0], "rb") as f:
            gateway.put(path, f.read())
    elif verb == "rm":
        gateway.request("DELETE", path)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
