"""A service with a defect that is hard to find: it says 201 before the note is on disk, and stores it soon after.

Notes are kept in memory and written out every 250 ms, so only a crash amid writes loses any. Python's standard library only.
Usage: python3 write_behind.py PORT FILE
"""

import asyncio
import json
import os
import sys

port, path = int(sys.argv[1]), sys.argv[2]
notes = json.load(open(path)) if os.path.exists(path) else {}


async def flush():
    while True:
        await asyncio.sleep(0.25)
        with open(path + ".new", "w") as file:
            json.dump(notes, file)
        os.replace(path + ".new", path)


def reply(method, target, body):
    if method == "PUT":
        notes[target] = body.decode("utf-8", "replace")
        return "201 Created", ""
    if target == "/health":
        return "200 OK", "ok"
    return ("200 OK", notes[target]) if target in notes else ("404 Not Found", "")


async def serve(reader, writer):
    """Answers requests on one connection until the client closes it."""
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, target, _ = head[0].split(" ")
            fields = dict(line.lower().split(": ", 1) for line in head[1:] if line)
            body = await reader.readexactly(int(fields.get("content-length", 0)))
            status, text = reply(method, target, body)
            writer.write(f"HTTP/1.1 {status}\r\ncontent-length: {len(text.encode())}\r\n\r\n{text}".encode())
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", port, backlog=1024)
    await asyncio.gather(server.serve_forever(), flush())


asyncio.run(main())
