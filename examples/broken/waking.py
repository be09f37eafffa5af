"""A service with a defect that is hard to find: after a crash it is healthy at once, and serves nobody for 2.5 seconds.

It loses nothing: every note is in a file of its own before it is acknowledged. Python's standard library only.
Usage: python3 waking.py PORT FOLDER
"""

import asyncio
import os
import sys
import time

port, folder = int(sys.argv[1]), sys.argv[2]
running = os.path.join(folder, "running")
# It is never removed: whoever finds it was here before.
awake_at = time.monotonic() + (2.5 if os.path.exists(running) else 0)
open(running, "w").close()


def place(target):
    return os.path.join(folder, target.replace("/", "_"))


def reply(method, target, body):
    if target == "/health":
        return "200 OK", b"ok"
    if time.monotonic() < awake_at:
        return "503 Service Unavailable", b""
    if target == "/notes":
        return "200 OK", b""
    if method == "PUT":
        with open(place(target) + ".new", "wb") as file:
            file.write(body)
        os.replace(place(target) + ".new", place(target))
        return "201 Created", b""
    if not os.path.exists(place(target)):
        return "404 Not Found", b""
    with open(place(target), "rb") as file:
        return "200 OK", file.read()


async def serve(reader, writer):
    """Answers requests on one connection until the client closes it."""
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, target, _ = head[0].split(" ")
            fields = dict(line.lower().split(": ", 1) for line in head[1:] if line)
            body = await reader.readexactly(int(fields.get("content-length", 0)))
            status, text = reply(method, target, body)
            writer.write(f"HTTP/1.1 {status}\r\ncontent-length: {len(text)}\r\n\r\n".encode() + text)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


asyncio.run(main())
