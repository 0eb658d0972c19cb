"""A small S3 server for the tests of the threats: decent by itself, and as hostile as a test wants.

A test writes objects into `store` and may define answer(request), which returns (status, headers,
body), or None after it has written to the connection itself. plain(request) is the decent answer.
Nothing is verified but what the client must not do. Every request is a line of JSON in $REQUESTS.
"""
import base64
import hashlib
import http.server
import json
import os
import socketserver
import ssl
import sys
import threading
import time
import urllib.parse
from xml.sax.saxutils import escape

BUCKET = "bucket"
XML = {"Content-Type": "application/xml"}
DATE = "Wed, 01 Jan 2020 00:00:00 GMT"
store = {}  # key: bytes
extra = {}  # key: headers of HEAD and GET besides
uploads = {}  # id: {number: bytes}
lock = threading.Lock()


class Request:
    def __init__(self, handler):
        self.method = handler.command
        self.target = handler.path
        path, _, query = handler.path.partition("?")
        self.query = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        _, self.bucket, *rest = path.split("/", 2)
        self.key = urllib.parse.unquote(rest[0]) if rest else ""
        self.headers = {name.lower(): value for name, value in handler.headers.items()}
        self.body = handler.rfile.read(int(self.headers.get("content-length", 0)))
        self.handler = handler

    def is_list(self):
        return self.method == "GET" and self.bucket and not self.key and "uploads" not in self.query

    def write(self, data):
        """Straight to the connection, which ends after the answer. False when the client is gone."""
        self.handler.close_connection = True
        try:
            self.handler.wfile.write(data)
            self.handler.wfile.flush()
            return True
        except OSError:
            return False

    def range(self):
        """(first, last) of the object that is asked for, or None."""
        text = self.headers.get("range")
        if not text:
            return None
        first, _, last = text.removeprefix("bytes=").partition("-")
        size = len(store[self.key])
        return int(first), min(int(last), size - 1) if last else size - 1


def etag(data):
    return '"%s"' % hashlib.md5(data).hexdigest()


def error(status, code, message=""):
    body = "<Error><Code>%s</Code><Message>%s</Message></Error>" % (escape(code), escape(message))
    return status, XML, body.encode()


def quote(text, request):
    is_encoded = request.query.get("encoding-type") == "url"
    return urllib.parse.quote(text) if is_encoded else escape(text)


def listing(request, items, prefixes=(), more=""):
    """A ListBucketResult of (key, size, time) and prefixes; more: elements besides."""
    body = ["<ListBucketResult>"]
    if request.query.get("encoding-type") == "url":
        body.append("<EncodingType>url</EncodingType>")
    for key, size, when in items:
        tag = extra.get(key, {}).get("ETag") or etag(store.get(key, b""))
        body.append("<Contents><Key>%s</Key><LastModified>%s</LastModified><Size>%s</Size>"
                    "<ETag>%s</ETag></Contents>" %
                    (quote(key, request), when, size, escape(tag).replace("\x1b", "&#x1b;")))
    for prefix in prefixes:
        body.append("<CommonPrefixes><Prefix>%s</Prefix></CommonPrefixes>" % quote(prefix, request))
    return 200, XML, ("".join(body) + (more or "<IsTruncated>false</IsTruncated>") +
                      "</ListBucketResult>").encode()


def plain_list(request):
    prefix, delimiter = request.query.get("prefix", ""), request.query.get("delimiter")
    items, prefixes = [], []
    for key in sorted(store, key=str.encode):
        if not key.startswith(prefix):
            continue
        head, found, _ = key[len(prefix):].partition(delimiter) if delimiter else (key, "", "")
        if not found:
            items.append((key, len(store[key]), "2020-01-01T00:00:00.000Z"))
        elif prefix + head + found not in prefixes:
            prefixes.append(prefix + head + found)
    return listing(request, items, prefixes)


def plain_get(request):
    if request.key not in store:
        return error(404, "NoSuchKey")
    data = store[request.key]
    headers = {"ETag": etag(data), "Last-Modified": DATE, **extra.get(request.key, {})}
    if "if-match" in request.headers and request.headers["if-match"] != headers["ETag"]:
        return error(412, "PreconditionFailed")
    span = request.range()
    if not span:
        return 200, headers, data
    headers["Content-Range"] = "bytes %d-%d/%d" % (*span, len(data))
    return 206, headers, data[span[0]:span[1] + 1]


def plain_upload(request):
    upload = request.query.get("uploadId")
    if "uploads" in request.query and request.method == "POST":
        upload = "u%d" % (len(uploads) + 1)
        uploads[upload] = {}
        body = "<InitiateMultipartUploadResult><UploadId>%s</UploadId></InitiateMultipartUploadResult>"
        return 200, XML, (body % upload).encode()
    if upload not in uploads:
        return error(404, "NoSuchUpload")
    if request.method == "PUT":
        uploads[upload][int(request.query["partNumber"])] = request.body
        return 200, {"ETag": etag(request.body)}, b""
    parts = uploads.pop(upload)
    if request.method == "DELETE":
        return 204, {}, b""
    store[request.key] = b"".join(parts[n] for n in sorted(parts))
    digest = hashlib.md5(b"".join(hashlib.md5(parts[n]).digest() for n in sorted(parts)))
    tag = '"%s-%d"' % (digest.hexdigest(), len(parts))
    extra[request.key] = {"ETag": tag}
    body = "<CompleteMultipartUploadResult><ETag>%s</ETag></CompleteMultipartUploadResult>"
    return 200, XML, (body % tag).encode()


def plain_delete(request):
    if "delete" not in request.query:
        store.pop(request.key, None)
        return 204, {}, b""
    for part in request.body.decode().split("<Key>")[1:]:
        name = part.partition("</Key>")[0]
        for entity, char in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
            name = name.replace(entity, char)
        store.pop(name, None)
    return 200, XML, b"<DeleteResult></DeleteResult>"


def plain_copy(request):
    source = urllib.parse.unquote(request.headers["x-amz-copy-source"]).split("/", 2)[2]
    if source not in store:
        return error(404, "NoSuchKey")
    store[request.key] = store[source]
    return 200, XML, ("<CopyObjectResult><ETag>%s</ETag></CopyObjectResult>" %
                      etag(store[source])).encode()


def plain(request):
    if not request.bucket:
        return 200, XML, ("<ListAllMyBucketsResult><Buckets><Bucket><Name>%s</Name></Bucket>"
                          "</Buckets></ListAllMyBucketsResult>" % BUCKET).encode()
    if request.is_list():
        return plain_list(request)
    if not request.key and request.method in ("HEAD", "PUT"):
        return 200, {}, b""
    if "uploads" in request.query or "uploadId" in request.query:
        return plain_upload(request)
    if request.method in ("GET", "HEAD"):
        return plain_get(request)
    if request.method == "DELETE" or "delete" in request.query:
        return plain_delete(request)
    if "x-amz-copy-source" in request.headers:
        return plain_copy(request)
    store[request.key] = request.body
    return 200, {"ETag": etag(request.body)}, b""


def head(status, headers):
    """Status line and headers as bytes, whatever is in them."""
    lines = ["HTTP/1.1 %d X" % status] + ["%s: %s" % pair for pair in headers.items()]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n"


def touch(path):
    open(path, "w").close()


def wait_for(path):
    """Until a test has made the file; a test that never does fails by its own limit."""
    end = time.monotonic() + 60
    while not os.path.exists(path) and time.monotonic() < end:
        time.sleep(0.01)


def serve(answer, certificate=None):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def one(self):
            request = Request(self)
            with lock, open(os.environ["REQUESTS"], "a") as log:
                log.write(json.dumps({"method": request.method, "target": request.target,
                                      "headers": request.headers,
                                      "body": base64.b64encode(request.body).decode()}) + "\n")
            given = answer(request)
            if given is None:
                return
            status, headers, body = given
            headers = {"Date": self.date_time_string(), "x-amz-request-id": "tx-0", **headers}
            if status != 204:
                headers.setdefault("Content-Length", len(body))
            if self.command == "HEAD":
                body = b""
            try:
                self.wfile.write(head(status, headers) + body)
            except OSError:
                self.close_connection = True

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = one

        def log_message(self, *_):
            pass

    class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
        daemon_threads = True
        allow_reuse_address = True
        request_queue_size = 128

        def handle_error(self, *_):
            error = sys.exc_info()[1]
            if not isinstance(error, (OSError, ssl.SSLError)):
                super().handle_error(*_)

    server = Server(("127.0.0.1", 0), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    name = os.environ["PORT_FILE"]
    with open(name + ".new", "w") as out:
        out.write(str(server.server_address[1]))
    os.rename(name + ".new", name)
    server.serve_forever()
