"""Socket Mode for the loopback Slack: envelopes over a websocket, acknowledged one by one."""

from __future__ import annotations

import itertools
import json
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from tests.slack.loopback import Delivery, Json, Slack

SERIAL = itertools.count(1)


class Socket:
    """One connection of the bot."""

    def __init__(self, connection: ServerConnection) -> None:
        self.connection = connection
        self.acknowledged: dict[str, Json] = {}
        self.arrived = threading.Condition()

    def deliver(self, payload: Json, kind: str, envelope: str | None = None) -> Delivery:
        """Send an envelope and wait for its acknowledgement, three seconds at most."""
        envelope = envelope or f"envelope{next(SERIAL)}"
        message = {
            "envelope_id": envelope,
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
        }
        began = time.monotonic()
        self.connection.send(json.dumps(message))
        with self.arrived:
            came = self.arrived.wait_for(lambda: envelope in self.acknowledged, 3)
        seconds = time.monotonic() - began
        if not came:
            return Delivery(504, "", seconds)
        answer = self.acknowledged[envelope].get("payload")
        return Delivery(200, json.dumps(answer) if answer else "", seconds)

    def say(self, message: Json) -> None:
        self.connection.send(json.dumps(message))

    def listen(self) -> None:
        """Take acknowledgements until the bot hangs up."""
        try:
            for message in self.connection:
                answer = json.loads(message)
                with self.arrived:
                    self.acknowledged[answer["envelope_id"]] = answer
                    self.arrived.notify_all()
        except ConnectionClosed:
            pass


@contextmanager
def listening(slack: Slack) -> Iterator[None]:
    """Let `apps.connections.open` lead to websockets of ours, while the context lasts."""

    def talk(connection: ServerConnection) -> None:
        socket = Socket(connection)
        socket.say({"type": "hello", "num_connections": 1, "connection_info": {"app_id": "A1"}})
        slack.sockets.append(socket)
        socket.listen()
        slack.sockets.remove(socket)

    quiet = logging.getLogger("tests.slack.sockets")
    quiet.setLevel(logging.CRITICAL)
    with serve(talk, "127.0.0.1", 0, logger=quiet) as server:
        slack.socket_url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}/link"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
