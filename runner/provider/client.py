"""One provider's API: submit, poll, cancel, list jobs. Base URL, key and protocol travel inside the client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.frozen import dataclass
from runner.provider import protocol
from runner.provider.echo import another_request
from runner.provider.listing import BadList, read_page
from runner.provider.transport import NotSent
from runner.records.address import is_loopback
from runner.records.exchange import EMULATOR_HEADER, Cancellation, Reading, Verdict
from runner.records.provider import ErrorGroup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from runner.provider.access import ProviderAccess
    from runner.provider.listing import ListedJob
    from runner.provider.transport import Transport
    from runner.records.catalog import Model
    from runner.records.exchange import Reply
    from runner.records.pipeline import Webhook
    from runner.records.provider import Provider
    from runner.records.source import Json

MAX_PAGES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderClient:
    """Speaks to one provider. Keeps no state, so it is safe to use from several threads where its transport is."""

    access: ProviderAccess
    transport: Transport

    @property
    def provider(self) -> Provider:
        """The provider as this run uses it."""
        return self.access.provider

    def submit(
        self,
        model: Model,
        params: Mapping[str, Json],
        *,
        job: str,
        webhook: Webhook | None,
        before: Callable[[], None],
    ) -> Reply:
        """Send the one call that may cost money and return its answer unread: it is recorded before it is parsed.

        `before` runs between the connection and the first byte. Raises NotSent, or Unproven when the outcome is not
        known; what `before` raises passes through, and nothing was sent then.
        """
        call = protocol.submit_call(self.provider, model, params, job=job, webhook=webhook)
        return self.transport.submit(call, self.access, before=before, timeout_s=self.provider.submit_timeout_s)

    def read_submit(self, model: Model, reply: Reply) -> Reading:
        """Say what the answer to a submit means.

        The emulator charges nothing, and is on loopback only: such an answer from elsewhere proves nothing.
        """
        if self._is_emulated(reply):
            proven = is_loopback(self.provider.base_url)
            return self._emulated(Verdict.REJECTED if proven else Verdict.UNKNOWN)
        return protocol.read_submit(self.provider, model, reply)

    def poll(self, model: Model, *, id: str, told_for: Mapping[str, Json] | None = None) -> Reading:
        """Poll a job once; a poll without an answer reads as RETRY.

        `told_for` are the parameters of the request for which a person told the id; when the answer names another
        model or prompt, it reads as ANOTHER.
        """
        call = protocol.poll_call(self.provider, id=id)
        try:
            reply = self.transport.query(call, self.access)
        except NotSent as error:
            return Reading(verdict=Verdict.RETRY, message=error.message)
        if self._is_emulated(reply):
            return self._emulated(Verdict.REFUSED)
        another = "" if told_for is None else another_request(self.provider, model, told_for, reply)
        if another:
            named = "that id" if self.provider.id_is_private else id
            message = f"{named} is the job of another request: {self.provider.title} says that {another}"
            return Reading(verdict=Verdict.ANOTHER, message=message)
        return protocol.read_poll(self.provider, model, reply, id=id)

    def cancel(self, id: str) -> Cancellation:
        """Ask the provider once to cancel a job. Raises ValueError where it has no such call."""
        call = protocol.cancel_call(self.provider, id=id)
        try:
            reply = self.transport.query(call, self.access)
        except NotSent as error:
            return Cancellation(confirmed=False, message=f"{self.provider.title} gave no answer: {error.message}")
        if self._is_emulated(reply):
            return Cancellation(confirmed=False, message=self._emulated(Verdict.REFUSED).message)
        return protocol.read_cancel(self.provider, reply, id=id)

    def jobs(self) -> Iterator[ListedJob]:
        """Yield recent jobs as the provider lists them, MAX_PAGES pages at most; none where it has no list.

        Raises NotSent when a page cannot be fetched or read.
        """
        page: str | None = None
        for _ in range(MAX_PAGES if self.provider.listing else 0):
            call = protocol.list_call(self.provider, page=page)
            try:
                reply = self.transport.query(call, self.access)
                if self._is_emulated(reply):
                    raise NotSent(self._emulated(Verdict.REFUSED).message)
                read = read_page(self.provider, reply)
            except BadList as error:
                raise NotSent(str(error)) from error
            yield from read.jobs
            if read.next is None or not read.jobs:
                return
            page = read.next

    def _is_emulated(self, reply: Reply) -> bool:
        """Say whether the emulator answered a run that is no rehearsal: what it says is nothing of a provider."""
        return not self.access.rehearsal and EMULATOR_HEADER in reply.headers

    def _emulated(self, verdict: Verdict) -> Reading:
        provider = self.provider
        return Reading(
            verdict=verdict,
            group=ErrorGroup.ACCOUNT,
            message=f"the emulator answered at {provider.base_url}, not {provider.title}",
            help="correct base_url (SCOREFILE_…_BASE_URL, or in `providers`), or run the emulator's music with --rehearse",
        )
