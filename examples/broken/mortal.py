"""A service with a defect that is found in the wild: under load it ends by itself, in the midst of its work.

Python's standard library only. Usage: python3 mortal.py PORT REQUESTS, so many of which it outlives
"""

import asyncio
import os
import signal
import sys

left = int(sys.argv[2])


async def serve(reader, writer):
    """Answers requests on one connection until the client closes it."""
    global left
    try:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            left -= 1
            if left < 0:
                os.abort()
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]), backlog=1024)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, loop.stop)
    await server.serve_forever()


try:
    asyncio.run(main())
except RuntimeError:
    # The loop was stopped: that is how it leaves.
    pass
