"""A service with a defect that is hard to find: on SIGTERM it gives up the requests that it is working on.

It answers those that are still being sent, and serves on for a while. Python's standard library only.
Usage: python3 abandoning.py PORT
"""

import asyncio
import signal
import sys

# How long it works on a request, and how long it serves on.
WORK_S, LEAVE_S = 0.02, 0.5
working = set()


async def serve(reader, writer):
    """Answers requests on one connection until the client closes it."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"GET /health "):
                working.add(writer)
                await asyncio.sleep(WORK_S)
                working.discard(writer)
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


def leave():
    for writer in working:
        writer.transport.abort()
    asyncio.get_running_loop().call_later(LEAVE_S, asyncio.get_running_loop().stop)


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]), backlog=1024)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, leave)
    await server.serve_forever()


try:
    asyncio.run(main())
except RuntimeError:
    # The loop was stopped: that is how it leaves.
    pass
