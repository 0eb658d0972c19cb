#!/usr/bin/env python3
"""What gives out credentials elsewhere: IMDSv2, a container's agent, the portal of single sign-on, a
security token service. Those it gives are the gateway's own keys, so that they can be seen to work.

  sources.py DIR     writes its URL to DIR/url and a line per request to DIR/log; DIR/life, if there,
                     is how many seconds what it gives lasts (900 without); DIR/code: the MFA code
"""
import json
import os
import sys
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

directory = sys.argv[1]
KEY, SECRET = os.environ["S3TUI_TEST_ACCESS_KEY"], os.environ["S3TUI_TEST_SECRET_KEY"]


def note(line):
    with open(os.path.join(directory, "log"), "a") as log:
        log.write(line + "\n")


def read(name, otherwise):
    try:
        with open(os.path.join(directory, name)) as file:
            return file.read().strip()
    except FileNotFoundError:
        return otherwise


def until():
    return time.time() + float(read("life", "900"))


def iso(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, text="", kind="application/json"):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def keys(self):
        return self.answer(200, json.dumps({
            "Code": "Success", "AccessKeyId": KEY, "SecretAccessKey": SECRET, "Token": "",
            "Expiration": iso(until())}))

    def do_PUT(self):
        note(f"PUT {self.path}")
        if self.path == "/latest/api/token" and self.headers.get("X-aws-ec2-metadata-token-ttl-seconds"):
            return self.answer(200, "session-of-the-machine", "text/plain")
        return self.answer(404)

    def do_GET(self):
        note(f"GET {self.path}")
        path, _, query = self.path.partition("?")
        machine = "/latest/meta-data/iam/security-credentials/"
        if path.startswith(machine):
            if self.headers.get("X-aws-ec2-metadata-token") != "session-of-the-machine":
                return self.answer(401)
            return self.answer(200, "role one", "text/plain") if path == machine else (
                self.keys() if path == machine + "role%20one" else self.answer(404))
        if path == "/container":
            return self.keys() if self.headers.get("Authorization") == "token-1" else self.answer(403)
        if path == "/federation/credentials":
            asked = dict(urllib.parse.parse_qsl(query))
            if self.headers.get("x-amz-sso_bearer_token") != "signed-on":
                return self.answer(401)
            if asked != {"role_name": "Reader", "account_id": "123456789012"}:
                return self.answer(403)
            return self.answer(200, json.dumps({"roleCredentials": {
                "accessKeyId": KEY, "secretAccessKey": SECRET, "sessionToken": "",
                "expiration": int(until() * 1000)}}))
        return self.answer(404)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = dict(urllib.parse.parse_qsl(body))
        is_signed = "/us-east-1/sts/aws4_request" in self.headers.get("Authorization", "")
        action = form.get("Action", "")
        note(f"POST {action} {form.get('RoleArn')} {form.get('ExternalId')} "
             f"{form.get('DurationSeconds')} {form.get('TokenCode')} {is_signed}")
        wrong = (action not in ("AssumeRole", "AssumeRoleWithWebIdentity")
                 or (action == "AssumeRole") != is_signed
                 or (action != "AssumeRole" and form.get("WebIdentityToken") != "who-i-am")
                 or ("SerialNumber" in form and form["TokenCode"] != read("code", "")))
        if wrong:
            return self.answer(403, "<ErrorResponse><Error><Code>AccessDenied</Code>"
                                    "<Message>You may not.</Message></Error></ErrorResponse>", "text/xml")
        return self.answer(200, f"<{action}Response xmlns='https://sts.amazonaws.com/doc/2011-06-15/'>"
                                f"<{action}Result><Credentials><AccessKeyId>{KEY}</AccessKeyId>"
                                f"<SecretAccessKey>{SECRET}</SecretAccessKey><SessionToken></SessionToken>"
                                f"<Expiration>{iso(until())}</Expiration></Credentials></{action}Result>"
                                f"</{action}Response>", "text/xml")


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(os.path.join(directory, "url.new"), "w") as file:
    file.write(f"http://127.0.0.1:{server.server_port}")
os.rename(os.path.join(directory, "url.new"), os.path.join(directory, "url"))
server.serve_forever()
