"""Money: spending, and reservations for calls that may be in progress.

A run reserves money on its accounts before it calls a model. The cost of an answer is taken from
the reservation and booked as spent, in the transaction that stores the answer. So spending and
reservations together never exceed the limit at the time of the reservation, over all processes.
The SQL table of reservations is called ``holds``.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, case, delete, func, literal, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection

from overheard.domain import Account, Answer, Balance, Model, Payer, ReservationRequest, Spending
from overheard_storage.bulk_writes import Adding, insert_many
from overheard_storage.database import Database, uninterrupted
from overheard_storage.repository import ASKED_PROMPT, Lookups, Repository, among
from overheard_storage.rows import asked_prompt_of, model_of, run_of
from overheard_storage.tables import accounts, answers, models, prompts, reservations, runs, spend

_RESERVATION_LOCK = 0x686F6C64
"""PostgreSQL's advisory lock for reservations; an arbitrary constant."""

_TOLERANCE_USD = 1e-9
"""Dollars by which sums of the same amounts can differ."""

_MAX_PAYERS = 16
"""Runs whose payers are kept."""


class SqlMoneyRepository(Repository):
    """Accounts; see `overheard.interfaces.runs.MoneyRepository`."""

    def __init__(self, database: Database, lookups: Lookups) -> None:
        super().__init__(database, lookups)
        self._payers: dict[int, Payer] = {}
        self._reserving: set[int] = set()

    @uninterrupted
    async def reserve(self, run_id: int, requests: Sequence[ReservationRequest]) -> Account | None:
        """Reserve money for a run on all accounts of the requests, or on none, in one transaction.

        Args:
            run_id: Number of the run.
            requests: One for each account, in US dollars; nothing happens if there is none.

        Returns:
            None if everything is reserved; otherwise the first account without room for its amount.
        """
        if not requests:
            return None
        self._reserving.add(run_id)  # also if refused: `_book` spares other runs an UPDATE
        async with self._database.writing() as connection:
            if not self._database.is_sqlite:  # SQLite has one writer anyway
                await connection.execute(select(func.pg_advisory_xact_lock(_RESERVATION_LOCK)))
            balances = await _read_balances(connection, [request.account for request in requests])
            for request in requests:
                balance = balances[request.account]
                used_usd = balance.spent + balance.held + request.usd
                if used_usd > request.allowed + _TOLERANCE_USD:
                    return request.account
            amounts = {str(request.account): request.usd for request in requests}
            rows = [(run_id, *amount) for amount in sorted(amounts.items())]
            adding = Adding(("run_id", "account"), ("usd",))
            await insert_many(connection, reservations, reservations.c.keys(), rows, adding)
        return None

    @uninterrupted
    async def give_back(self, run_id: int, amounts: Mapping[Account, float]) -> None:
        """Reduce the reservations of a run by dollars of each account, to 0 at least, and delete
        those that are 0.
        """
        returned = {(run_id, str(account)): usd for account, usd in amounts.items() if usd > 0}
        nothing = (reservations.c.run_id == run_id, reservations.c.usd <= _TOLERANCE_USD)
        async with self._database.writing() as connection:
            if returned:
                await connection.execute(_reduction_update(), _reduction_rows(returned))
            await connection.execute(delete(reservations).where(*nothing))

    @uninterrupted
    async def release(self, run_id: int) -> None:
        """Delete all reservations of a run."""
        async with self._database.writing() as connection:
            await connection.execute(delete(reservations).where(reservations.c.run_id == run_id))

    async def reserving_runs(self) -> set[int]:
        """Return the numbers of the runs that have reservations."""
        rows = await self._database.rows(select(reservations.c.run_id).distinct())
        return {row.run_id for row in rows}

    @uninterrupted
    async def balances(self, accounts: Collection[Account]) -> dict[Account, Balance]:
        """Return the spent and reserved dollars of each account; 0 for an unknown account."""
        async with self._database.reading() as connection:
            return await _read_balances(connection, accounts)

    async def spending(
        self, *, since: datetime | None = None, until: datetime | None = None
    ) -> list[Spending]:
        """Return the costs of answers booked from ``since`` to before ``until``, summed by run,
        prompt and model, in the order of the runs' numbers; None means no bound.
        """
        return [
            Spending(
                row.run_id,
                asked_prompt_of(row),
                model_of(row.provider, row.model),
                row.answers,
                row.usd,
                row.estimated,
            )
            for row in await self._database.rows(_spending_query(since, until))
        ]

    @uninterrupted
    async def spent(self, *, since: datetime | None = None, run_id: int | None = None) -> float:
        """Return the US dollars that answers cost: those booked from ``since`` on (None: ever), of
        one run (None: of all). 0 without answers.
        """
        query = select(func.coalesce(func.sum(spend.c.usd), 0.0))
        if since is not None:
            query = query.where(spend.c.at >= since)
        if run_id is not None:
            query = query.join(answers).where(answers.c.run_id == run_id)
        async with self._database.reading() as connection:
            return float((await connection.execute(query)).scalar_one())

    async def book(
        self,
        connection: AsyncConnection,
        new_answers: Iterable[Answer],
        model_ids: Mapping[Model, int],
    ) -> None:
        """Book the costs of new answers, and take them from the reservations of their runs.

        Each cost is stored for its answer. The run, the day, the month and the channel are charged
        in full; brands that share an answer split its cost. Answers without a cost, or with an
        unknown one, book nothing. Only reservations that this process has made are reduced.

        Args:
            connection: The connection of the transaction that stores the answers.
            new_answers: The new answers with their numbers.
            model_ids: The numbers of their models.
        """
        paid = [answer for answer in new_answers if answer.reply.cost_usd]
        await _insert_spend(connection, paid, model_ids)
        payers = await self._payers_of(connection, {answer.run_id for answer in paid})
        booked: dict[str, float] = defaultdict(float)
        spent_by_run: dict[tuple[int, str], float] = defaultdict(float)
        for answer in paid:
            shares = payers[answer.run_id].accounts(answer.question.prompt, answer.asked_at)
            for account, share in shares.items():
                usd = share * (answer.reply.cost_usd or 0.0)
                booked[str(account)] += usd
                spent_by_run[answer.run_id, str(account)] += usd
        if booked:
            # In order, so that two writers to the same accounts cannot wait for each other.
            rows = sorted(booked.items())
            adding = Adding(("account",), ("usd",))
            await insert_many(connection, accounts, accounts.c.keys(), rows, adding)
        # One process executes a run, so that this one knows whether the run has reservations.
        held = {key: usd for key, usd in spent_by_run.items() if key[0] in self._reserving}
        if held:
            await connection.execute(_reduction_update(), _reduction_rows(held))

    async def _payers_of(
        self, connection: AsyncConnection, run_ids: Collection[int]
    ) -> dict[int, Payer]:
        """Return the payer of each run, by the run's number. Those that were read last are kept,
        because those of a run never change.

        Raises:
            KeyError: when there is no run of a number.
        """
        payers = self._payers
        if missing := run_ids - payers.keys():
            rows = await connection.execute(select(runs).where(among(runs.c.id, missing)))
            payers = payers | {row.id: run_of(row).payer for row in rows}
            self._payers = dict([*payers.items()][-_MAX_PAYERS:])
        return {run_id: payers[run_id] for run_id in run_ids}


async def _insert_spend(
    connection: AsyncConnection, paid: Sequence[Answer], model_ids: Mapping[Model, int]
) -> None:
    """Insert the cost of each paid answer, in US dollars, with the number of its model."""
    rows = [
        (answer.id, answer.asked_at, model_ids[answer.question.model], answer.reply.cost_usd)
        for answer in paid
    ]
    if rows:
        await insert_many(connection, spend, ("answer_id", "at", "model_id", "usd"), rows)


async def _read_balances(
    connection: AsyncConnection, wanted: Collection[Account]
) -> dict[Account, Balance]:
    """Return the spent dollars of each account, and those that all runs have reserved; 0 for an
    unknown account. They are read in one statement, because a booking between two statements would
    be missed.
    """
    names = [str(account) for account in wanted]
    spent = select(accounts.c.account, accounts.c.usd, literal(0.0).label("held"))
    held = select(reservations.c.account, literal(0.0), func.sum(reservations.c.usd))
    rows = await connection.execute(
        union_all(
            spent.where(accounts.c.account.in_(names)),
            held.where(reservations.c.account.in_(names)).group_by(reservations.c.account),
        )
    )
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for account, spent_usd, reserved_usd in rows:
        sums[account][0] += spent_usd
        sums[account][1] += reserved_usd
    return {account: Balance(*sums[str(account)]) for account in wanted}


def _reduction_update() -> Any:
    """Return an update that reduces the reservation of a run on an account by an amount of dollars,
    to 0 at least; its parameters are those of `_reduction_rows`.
    """
    remaining = reservations.c.usd - bindparam("amount")
    reservation = (
        reservations.c.run_id == bindparam("of_run"),
        reservations.c.account == bindparam("of_account"),
    )
    return (
        update(reservations)
        .where(*reservation)
        .values(usd=case((remaining > 0, remaining), else_=0.0))
    )


def _reduction_rows(taken: Mapping[tuple[int, str], float]) -> list[dict[str, Any]]:
    """Return the parameters of `_reduction_update`, sorted, so that two writers cannot deadlock."""
    return [
        {"of_run": run_id, "of_account": account, "amount": taken[run_id, account]}
        for run_id, account in sorted(taken)
    ]


def _spending_query(since: datetime | None, until: datetime | None) -> Select[Any]:
    """Return a query of the dollars of answers by run, prompt and model, booked from ``since`` to
    before ``until``.

    The cost of an answer without reported tokens counts as an estimate, and so does that of a
    failed call whose answer was replaced by that of a later call; such a call is no answer.
    """
    replaced = spend.c.at != answers.c.asked_at
    unreported = answers.c.input_tokens + answers.c.output_tokens == 0
    sums = (
        select(
            *(answers.c.run_id, answers.c.prompt_id, answers.c.model_id),
            func.sum(case((replaced, 0), else_=1)).label("answers"),
            func.sum(spend.c.usd).label("usd"),
            func.sum(case((replaced | unreported, spend.c.usd), else_=0.0)).label("estimated"),
        )
        .select_from(spend)
        .join(answers, spend.c.answer_id == answers.c.id)
        .group_by(answers.c.run_id, answers.c.prompt_id, answers.c.model_id)
    )
    if since is not None:
        sums = sums.where(spend.c.at >= since)
    if until is not None:
        sums = sums.where(spend.c.at < until)
    by_prompt = sums.subquery()
    return (
        select(
            *(by_prompt.c.run_id, by_prompt.c.answers, by_prompt.c.usd, by_prompt.c.estimated),
            *(*ASKED_PROMPT, models.c.provider, models.c.name.label("model")),
        )
        .select_from(by_prompt)
        .join(prompts, by_prompt.c.prompt_id == prompts.c.id)
        .join(models, by_prompt.c.model_id == models.c.id)
        .order_by(by_prompt.c.run_id, by_prompt.c.prompt_id, by_prompt.c.model_id)
    )
