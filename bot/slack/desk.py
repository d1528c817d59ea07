"""Where questions are taken, answered one after another, and never lost."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.engines.engine import Watch
from bot.model.answer import Answer, Topic
from bot.model.errors import BadLine, Cancelled, FlowsError
from bot.model.message import Offer
from bot.model.query import Progress
from bot.slack.blocks.failure import refused_text
from bot.slack.blocks.modal import quiet_view
from bot.slack.blocks.text import code, escape
from bot.slack.clients import CALL_ERRORS, Clients, Sleep, problem
from bot.slack.endings import Endings, Live
from bot.slack.people import People
from bot.slack.pool import Pool
from bot.slack.post import Barred, Post
from bot.slack.private import Private
from bot.slack.request import Request

RESTARTING = "I am being restarted"

logger = logging.getLogger(__name__)


class Ask(Protocol):
    """Answers one line. Raises `FlowsError`; whatever else escapes is a bug."""

    def __call__(self, line: str, *, zone: ZoneInfo, watch: Watch) -> Answer: ...


class Orders(Protocol):
    """Obeys lines that change what the bot says by itself. Raises `FlowsError`."""

    def takes(self, line: str) -> bool:
        """Whether a line is an order."""
        ...

    def obey(self, line: str, *, who: str, channel: str, zone: ZoneInfo, watch: Watch) -> Answer:
        """Do what a line says, for somebody in a channel."""
        ...

    def check(self, line: str, *, who: str, zone: ZoneInfo) -> None:
        """Raise `BadPart` when a form's line cannot be obeyed; only its words are looked at."""
        ...

    def offer(self, verb: str, key: str) -> Offer:
        """What a form offers for a warning."""
        ...


class Desk:
    """Takes requests; every one taken ends in one of the `Endings`.

    `questions` answers; `calls` does what must not wait behind a query: placeholders, progress,
    buttons, the Home tab. `patience` is how many seconds a quick answer has before a placeholder
    is shown.
    """

    def __init__(
        self,
        *,
        ask: Ask,
        clients: Clients,
        people: People,
        endings: Endings,
        questions: Pool,
        calls: Pool,
        slash: str,
        clock: Callable[[], float],
        sleep: Sleep,
        new_id: Callable[[], str],
        patience: float,
        orders: Orders | None = None,
    ) -> None:
        self.slash = slash
        self.freshness: str | None = None  # what the last answer said about how new the logs are
        self._ask = ask
        self._clients = clients
        self._people = people
        self._endings = endings
        self._questions = questions
        self._calls = calls
        self._clock = clock
        self._sleep = sleep
        self._new_id = new_id
        self._patience = patience
        self._orders = orders
        self._live: dict[str, Live] = {}
        self._lock = threading.Lock()
        self._closing = False

    def request(
        self, line: str, user: str, channel: str, response_url: str | None = None
    ) -> Request:
        """A line as it arrived just now; an empty one asks for help."""
        asked = line.replace("\u00a0", " ").strip() or "help"
        return Request(self._new_id(), asked, user, channel, response_url, self._clock())

    def take(self, request: Request) -> str | None:
        """Take a question and return at once. Otherwise returns why not, for the asker: mrkdwn."""
        live = self._opened(request)
        with self._lock:
            if self._closing:
                return f"{RESTARTING}. Please ask {escape(self.slash)} again in a minute."
            ahead = self._questions.submit(lambda: self._answer(live))
            if ahead is None:
                return refused_text(self._questions.waiting, self.slash)
            self._live[request.id] = live
        self.soon(lambda: self._placeholder(live, ahead))
        return None

    def tell(self, request: Request, text: str) -> None:
        """Tell the asker alone; returns at once. `text` is mrkdwn."""
        private = Private(self._clients, request, self._clock, self._sleep)
        self.soon(lambda: private.tell(text))

    def soon(self, call: Callable[[], None]) -> None:
        """Have a short call to Slack made by another thread."""
        if self._calls.submit(call) is None:
            logger.error("too many calls to Slack wait; one was dropped")

    def open_form(self, verb: str, key: str, request: Request, trigger: str) -> None:
        """Open the form that quiets a warning, while the trigger lasts; returns at once."""
        self.soon(lambda: self._open_form(verb, key, request, trigger))

    def check(self, request: Request) -> None:
        """Raise `FlowsError` when the line of a form cannot be obeyed. Quick: asks nobody."""
        zone = ZoneInfo("UTC")  # a form's times are without one
        self._obeying().check(request.line, who=request.user, zone=zone)

    def order(self, request: Request) -> None:
        """Obey a form's line, and tell whoever filled it in alone; returns at once."""
        ahead = self._questions.submit(lambda: self._obey_quietly(request))
        if ahead is None:
            self.tell(request, refused_text(self._questions.waiting, self.slash))

    def cancel(self, identity: str, request: Request) -> None:
        """Stop the question `identity` for its asker, who pressed Cancel; returns at once."""
        with self._lock:
            live = self._live.get(identity)
        if live is None:
            self.tell(request, "That question is not running any more.")
        elif live.request.user != request.user:
            self.tell(request, f"Only <@{live.request.user}> can stop this question.")
        else:
            self._stop(live, f"<@{request.user}> stopped it")

    def close(self) -> None:
        """Take no more questions, stop those that run or wait, and tell their askers."""
        with self._lock:
            self._closing = True
            live = list(self._live.values())
        for one in live:
            self._stop(one, RESTARTING)
        self._questions.close()
        self._calls.close()

    def _open_form(self, verb: str, key: str, request: Request, trigger: str) -> None:
        line = f"{self.slash} {verb} {key}"
        try:
            offer = self._obeying().offer(verb, key)
            view = quiet_view(verb, offer, request.user, request.channel)
            self._clients.brief.views_open(trigger_id=trigger, view=view)
        except FlowsError as error:
            self.tell(request, escape(str(error)))
        except CALL_ERRORS as error:
            logger.warning("a form was not opened: %s", problem(error))
            self.tell(request, f"The form did not open. Press again, or write {code(line)}.")

    def _obey_quietly(self, request: Request) -> None:
        user, channel = request.user, request.channel
        try:
            zone = self._people.zone(user)
            answer = self._obeying().obey(
                request.line, who=user, channel=channel, zone=zone, watch=Watch()
            )
            said = escape(" ".join((answer.headline, *(note.text for note in answer.notes))))
        except FlowsError as error:
            said = escape(str(error))
        except Exception:
            logger.exception("the order %s broke", request.id)
            said = f"That did not work, and it is my fault. The log knows it as {request.id}."
        self.tell(request, said)

    def _obeying(self) -> Orders:
        if self._orders is None:
            raise BadLine("there is nothing to order here")
        return self._orders

    def _opened(self, request: Request) -> Live:
        post = Post(self._clients, request, self.slash, self._clock)
        private = Private(self._clients, request, self._clock, self._sleep)
        watch = Watch(lambda progress: self._progressed(post, progress))
        return Live(request, post, private, watch)

    def _progressed(self, post: Post, progress: Progress) -> None:
        if post.due():
            self.soon(lambda: post.progress(progress))

    def _stop(self, live: Live, why: str) -> None:
        live.why = why
        self.soon(lambda: self._stopping(live))

    def _stopping(self, live: Live) -> None:
        """Say so at once: its turn may be far away, and an engine may be slow to notice."""
        try:
            live.watch.stop()
        finally:
            self._endings.stopped(live)

    def _placeholder(self, live: Live, ahead: int) -> None:
        try:
            live.post.placeholder(ahead, self._patience)
        except Barred as barred:
            if live.post.claim():
                self._endings.barred(live, barred.reason)
            live.watch.stop()

    def _answer(self, live: Live) -> None:
        try:
            self._endings.answered(live, self._asked(live))
        except Cancelled:
            self._endings.stopped(live)
        except Barred as barred:
            self._endings.barred(live, barred.reason)
        except FlowsError as error:
            self._endings.failed(live, error)
        except Exception:
            self._endings.broken(live)
        finally:
            with self._lock:
                self._live.pop(live.request.id, None)

    def _asked(self, live: Live) -> Answer:
        if self._closing:  # it may come to its turn before its watch is stopped
            live.why = RESTARTING
            raise Cancelled(RESTARTING)
        live.watch.check()
        live.post.started()
        zone = self._people.zone(live.request.user)
        answer = self._answered(live, zone)
        live.watch.check()
        self._note_freshness(answer)
        return answer

    def _answered(self, live: Live, zone: ZoneInfo) -> Answer:
        line, request = live.request.line, live.request
        if self._orders is not None and self._orders.takes(line):
            who, channel = request.user, request.channel
            return self._orders.obey(line, who=who, channel=channel, zone=zone, watch=live.watch)
        return self._ask(line, zone=zone, watch=live.watch)

    def _note_freshness(self, answer: Answer) -> None:
        for note in answer.notes:
            if note.topic is Topic.FRESHNESS:
                self.freshness = note.text
