"""The commands of the catalogue: list, add, edit and remove, over typed fields."""

from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from overheard.cards import wording
from overheard.cards.card import Action, Card, Field, Severity, Style, Table, fitting, picked
from overheard.cards.command import CommandSpec, Face, Kind, Option, Role, argument, quoted
from overheard.commands.arguments import past_moment
from overheard.deployment import Call
from overheard.domain import Catalogue
from overheard.errors import AlreadyThere, BadUsage, ChangeNeedsYes, NothingToChange, ReadOnly
from overheard.interfaces import Store
from overheard.runs.plan import find_brand


def value_words(value: object) -> str:
    """Return the value of a field for a sentence: ``Zeta, Bolt`` for several, ``none`` for an empty
    one.
    """
    values = value if isinstance(value, tuple) else (value,)
    return ", ".join(str(item) for item in values if item not in (None, "")) or "none"


EMPTY = "-"
"""The argument that empties a field."""
YES, NO = "yes", "no"


def optional(fields: Iterable[Option]) -> tuple[Option, ...]:
    """Return fields in the form in which `CatalogueNoun.edit` takes them, so that each can be left
    out and then keeps its value. No field is required or positional or has a default. A flag
    becomes a choice of yes or no.
    """
    return tuple(
        Option(field.name, field.help, choices=(YES, NO))
        if field.kind is Kind.FLAG
        else replace(field, required=False, positional=False, default=None)
        for field in fields
    )


def changed_values(
    fields: Iterable[Option], before: object | None, given: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the values of fields after a change, by name.

    A field that is not given (missing, None, or empty) keeps its value, or has its default in a new
    object; ``-`` empties it. A choice of yes or no becomes a bool, several values a tuple without
    repeated and empty ones; texts lose their outer spaces.

    Args:
        before: The object before the change; None for a new one.
        given: The arguments by the names of the fields.
    """
    return {field.name: _changed_value(field, before, given.get(field.name)) for field in fields}


def _changed_value(field: Option, before: object | None, given: Any) -> Any:
    """Return the value of one field after a change, as `changed_values` describes."""
    if given in (None, "", ()):
        if before is not None:
            return getattr(before, field.name)
        return () if field.many else field.default
    if field.many:
        values = (value.strip() for value in given)
        return tuple(dict.fromkeys(value for value in values if value not in {"", EMPTY}))
    if field.choices == (YES, NO):
        return given == YES
    if isinstance(given, str):
        return "" if given.strip() == EMPTY else given.strip()
    return given


def field_values(fields: Iterable[Option], entry: object) -> dict[str, Any]:
    """Return the values of an object's fields as a form takes them, by name."""
    return {field.name: _form_value(getattr(entry, field.name)) for field in fields}


def _form_value(value: Any) -> Any:
    """Return a value of a field as a form takes it: ``yes`` or ``no`` for a bool, a date as text
    (``2026-11-24``), empty text for None; a text, a number or a tuple unchanged.
    """
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, str | int | tuple):
        return value
    return value.isoformat() if value else ""


Entry = TypeVar("Entry")

DECLARED, ADDED = "configuration", "people"
"""The origins of an object: the configuration, or a command."""
KEY = "Key"
"""The name of a key, which only commands in the terminal need."""


_UNDO = Option(
    "undo",
    "Bring back what was removed, with its last values.",
    Kind.FLAG,
    default=False,
    makes={"confirms": False},
)


@dataclass(frozen=True, slots=True)
class CatalogueNoun(Generic[Entry]):
    """The commands of one noun of the catalogue: brands, prompts, facts or schedules.

    A field is an `Option` with the name of the object's attribute; its default is the value of an
    object that is added without it.

    Attributes:
        name: The first word of the commands, and the attribute of `Catalogue`.
        singular: The noun for one object.
        shape: The class of the objects.
        key: The options that name an object.
        new: The options that name a new object.
        fields: The fields that can be set when an object is added.
        edit_fields: The fields that can be changed; none is required or has a default.
        find: Returns the object with the key options among the objects of the second catalogue,
            which is the current one or that of removed objects; the last argument is the noun in
            the error. Raises `UnknownName`.
        reference: Returns the values of the key options.
        label: Returns an object as the subject of an error, such as ``The brand Acme``.
        loss: Returns in words what removing an object means.
        keep: Stores an object; returns False when the configuration declares the object.
        retire: Removes an object from the catalogue.
        check: Returns an object in its stored form, given its former state (None for a new one);
            raises an error for an invalid object.
        card: Returns the card after a change, given the object's former state (None for a new one)
            and ``Added``, ``Changed`` or ``Restored``.
        identity: Returns the key of an object in the store; by default its reference.
        existing: Returns the object of the catalogue that a new object would duplicate; by default
            the object of the same identity.
        title: Returns an object in a title; by default the noun.
        count: Returns the number of objects in words, for the title of the list.
        columns: The cells of the list by their headers; the origin is added.
        empty: The text of an empty list.
        concerns: Returns whether an object belongs to a brand; None when the list cannot be limited
            to a brand.
        relation: The preposition between an object and its brand.
        more_data: Attributes for JSON output in addition to the fields.
        notes: Returns a text about the listed objects.
        require_free: Raises an error for a removed object whose place has been taken.
        restores: Whether the store keeps removed objects.
    """

    name: str
    singular: str
    shape: Callable[..., Entry]
    key: tuple[Option, ...]
    new: tuple[Option, ...]
    fields: tuple[Option, ...]
    edit_fields: tuple[Option, ...]
    find: Callable[[Catalogue, Catalogue, Mapping[str, Any], str], Entry]
    reference: Callable[[Entry], tuple[str, ...]]
    label: Callable[[Entry], str]
    loss: Callable[[Entry], str]
    keep: Callable[[Store, Entry], Awaitable[bool]]
    retire: Callable[[Store, Entry], Awaitable[object]]
    check: Callable[[Call, Entry, Entry | None], Awaitable[Entry]]
    card: Callable[[Call, Entry, Entry | None, str], Awaitable[Card]]
    identity: Callable[[Entry], Hashable] | None = None
    existing: Callable[[Catalogue, Entry], Entry | None] | None = None
    title: Callable[[Entry], str] | None = None
    count: Callable[[Sequence[Entry]], str] | None = None
    columns: Mapping[str, Callable[[Entry], str]] | None = None
    empty: str = ""
    concerns: Callable[[Entry, str], bool] | None = None
    relation: str = "for"
    more_data: tuple[str, ...] = ()
    notes: Callable[[Call, Sequence[Entry]], Awaitable[str]] | None = None
    require_free: Callable[[Catalogue, Entry], None] | None = None
    restores: bool = True

    def command(self, verb: str, summary: str, *examples: str) -> CommandSpec:
        """Return the specification of one command of the noun. Everybody who may read may list; the
        other verbs are for admins, and ``remove`` asks for a confirmation. ``list`` takes a brand
        if the noun has `concerns`; the form of ``edit`` is filled with the present values.

        Args:
            verb: ``list``, ``add``, ``edit`` or ``remove``.
            summary: The command's line in the help.
            examples: Uses of the command, such as ``brands add Acme``.
        """
        brand_argument = argument(f"Only those {self.relation} this brand.", Kind.BRAND)
        brand_option = replace(brand_argument, name="brand", default="")
        commands: Mapping[str, tuple[Callable[..., Awaitable[Card]], tuple[Option, ...]]] = {
            "list": (self.list_all, (brand_option,) if self.concerns else ()),
            "add": (self.add, (*self.new, *self.fields)),
            "edit": (self.edit, (*self.key, *self.edit_fields)),
            "remove": (self.remove, (*self.key, *((_UNDO,) if self.restores else ()))),
        }
        run, options = commands[verb]
        return CommandSpec(
            f"{self.name} {verb}",
            summary,
            run,
            options,
            Role.VIEWER if verb == "list" else Role.ADMIN,
            examples=examples,
            confirms=verb == "remove",
            fill=self.fill if verb == "edit" else None,
            title=f"{verb.capitalize()} {self.singular}",
        )

    async def list_all(self, call: Call, *, brand: str = "") -> Card:
        """Show a table of all objects in the catalogue's order, or only of those of one brand. A
        button adds an object; if people have added any that is shown, another changes one.

        A column says where each was decided if they differ, and the footer if all come from the
        configuration. A terminal also shows keys.

        Args:
            brand: The name or alias of the brand; empty for all objects. A noun without `concerns`
                lists all objects in any case.
        """
        brand_name = find_brand(call.catalogue, brand).name if brand else ""
        entries = self.entries(call.catalogue)
        if brand_name and self.concerns:
            entries = [entry for entry in entries if self.concerns(entry, brand_name)]
        declared = await self._declared_keys(call)
        origins = [DECLARED if self._identity(entry) in declared else ADDED for entry in entries]
        suffix = f" {self.relation} {brand_name}" if brand_name else ""
        count = self.count(entries) if self.count else wording.count(len(entries), self.singular)
        actions = [Action(f"{self.name} add", f"Add a {self.singular}", Style.PRIMARY)]
        if ADDED in origins:
            actions.append(Action(f"{self.name} edit", f"Change a {self.singular}"))
        in_terminal, file = call.face is Face.TERMINAL, call.config.file
        places = {DECLARED: file, ADDED: "the store" if in_terminal else "chat"}
        shown_origins = [places[one] for one in origins] if len(set(origins)) > 1 else []
        notes = await self.notes(call, entries) if entries and self.notes else ""
        return Card(
            title=count + suffix,
            text=notes if entries else self.empty,
            table=self._list_table(entries, shown_origins, in_terminal=in_terminal),
            actions=tuple(actions),
            footer=f"All of them are set in {file}." if {*origins} == {DECLARED} else "",
            data={self.name: list(map(self.data, entries, origins))},
        )

    def _list_table(
        self, entries: Sequence[Entry], origins: Sequence[str], *, in_terminal: bool
    ) -> Table | None:
        """Return the table of objects, with the columns of the noun and one of origins; None for an
        empty list. A chat's table leaves out the column of keys, and each column but the first in
        which all cells are equal (with a single object: in which the cell is empty).
        """
        if not entries:
            return None
        columns = {name: list(map(cell, entries)) for name, cell in (self.columns or {}).items()}
        if not in_terminal:
            first = next(iter(columns), "")
            columns = {
                name: cells
                for name, cells in columns.items()
                if name != KEY
                and (name == first or len(set(cells)) > 1 or (len(cells) == 1 and cells[0]))
            }
        if origins:
            columns["Decided in"] = list(origins)
        return Table(tuple(columns), tuple(zip(*columns.values(), strict=True)))

    async def add(self, call: Call, **given: Any) -> Card:
        """Store a new object, and return its card.

        Args:
            call: The person who adds it; days are read in the person's time zone.
            given: The options that name the object, and its fields, by name. A field that is not
                given has its default.

        Raises:
            AlreadyThere: when the catalogue has the object.
            BadUsage: for an empty required field, or a day in the future.
            OverheardError: when the noun's own check refuses the object.
        """
        names = {option.name: given[option.name].strip() for option in self.new}
        new = self.shape(**names, **self._values(call, None, given))
        self._require_new(call.catalogue, new, None)
        new = await self.check(call, new, None)
        await self._keep(call, new)
        return await self.card(call, new, None, "Added")

    async def edit(self, call: Call, **given: Any) -> Card:
        """Store changed fields of an object that a person added, and return its card. If the key of
        the object in the store changes, the object of the old key is removed.

        Args:
            call: The person who changes it; days are read in the person's time zone.
            given: The options that name the object, and the fields to change, by name. A field that
                is not given keeps its value; ``-`` empties it.

        Raises:
            AlreadyThere: when the object would become the same as another one.
            NothingToChange: when nothing would change.
            BadUsage: for an empty required field, or a day in the future.
            OverheardError: when the noun's own check refuses the object.
        """
        before: Any = await self._find_own(call, given)
        values = self._values(call, before, given)
        after: Entry = await self.check(call, replace(before, **values), before)
        if after == before:
            raise NothingToChange(usage=self.usage("edit"))
        has_new_key = self._identity(after) != self._identity(before)
        if has_new_key:
            self._require_new(call.catalogue, after, before)
        await self._keep(call, after)
        if has_new_key:
            await self.retire(call.store, before)
        return await self.card(call, after, before, "Changed")

    async def fill(self, call: Call, **given: Any) -> Mapping[str, Any]:
        """Return the values with which the form of `edit` is filled, by the names of the options:
        the options that name the object, and its fields as they are stored.

        Args:
            given: The options that name the object, by name; others are ignored.
        """
        entry = self._find(call, given)
        return self._key_values(entry) | field_values(self.edit_fields, entry)

    def _key_values(self, entry: Entry) -> dict[str, str]:
        """Return the options that name an object, by name, such as ``{"brand": "Acme"}``."""
        names = (option.name for option in self.key)
        return dict(zip(names, self.reference(entry), strict=True))

    async def remove(
        self, call: Call, *, agreed: bool = False, undo: bool = False, **given: Any
    ) -> Card:
        """Remove an object that a person added from the catalogue, and return the card, with a
        button that restores the object if the store keeps removed ones. Answers and scores stay.

        Args:
            agreed: Whether the person has agreed to the removal.
            undo: Whether a removed object is restored instead.
            given: The options that name the object, by name.

        Raises:
            ChangeNeedsYes: when the removal has not been agreed to, with what it means.
        """
        if undo:
            return await self.restore(call, **given)
        removed = await self._find_own(call, given)
        loss = self.loss(removed)
        require_yes(loss, agreed=agreed)
        await self.retire(call.store, removed)
        key_values = self._key_values(removed)
        words = [self.name, "remove", *map(quoted, key_values.values()), "--undo"]
        return Card(
            title=f"Removed {self._title(removed)}",
            text=f"{loss[:1].upper()}{loss[1:]}.",
            actions=fitting(Action(" ".join(words), "Undo")) if self.restores else (),
            data={"removed": key_values if len(key_values) > 1 else self.reference(removed)[0]},
        )

    async def restore(self, call: Call, **given: Any) -> Card:
        """Store a removed object again with its last values, and return its card.

        Raises:
            UnknownName: when no such object was removed.
            ReadOnly: when the configuration declares the object now.
            OverheardError: when the object's place has been taken, such as its name.
        """
        removed_objects = await call.store.catalogue.retired()
        removed = self.find(call.catalogue, removed_objects, given, f"removed {self.singular}")
        if self.require_free:
            self.require_free(call.catalogue, removed)
        await self._keep(call, removed)
        return await self.card(call, removed, None, "Restored")

    def entries(self, catalogue: Catalogue) -> Sequence[Entry]:
        """Return the noun's objects of a catalogue, in its order."""
        found: Sequence[Entry] = getattr(catalogue, self.name)
        return found

    def data(self, entry: Entry, origin: str) -> dict[str, Any]:
        """Return an object for JSON output: its fields by name, and its origin as ``from``, which
        is `DECLARED` or `ADDED`.
        """
        names = [option.name for option in (*self.new, *self.edit_fields)]
        return picked(entry, *self.more_data, *names) | {"from": origin}

    def changed_card(
        self,
        entry: Entry,
        participle: str,
        text: str,
        fields: Mapping[str, str],
        *actions: Action,
        warning: bool = False,
        **data: Any,
    ) -> Card:
        """Return the card of an object that was added, changed or restored. Its last button edits
        the object; buttons whose command is too long are left out.

        Args:
            entry: The object after the change.
            participle: The participle of the change: ``Added``, ``Changed`` or ``Restored``.
            text: The consequence of the change, in sentences.
            fields: The fields of the card by their names; empty ones are left out.
            actions: The next steps before editing.
            warning: Whether the text is a warning.
            data: Further entries for JSON output, which win over the fields of the object.
        """
        edit = " ".join([self.name, "edit", *map(quoted, self.reference(entry))])
        return Card(
            title=f"{participle} {self._title(entry)}",
            text=text,
            fields=tuple(Field(name, value) for name, value in fields.items() if value),
            actions=fitting(*actions, Action(edit, "Edit")),
            severity=Severity.WARNING if warning else Severity.GOOD,
            data=self.data(entry, ADDED) | data,
        )

    def usage(self, verb: str) -> str:
        """Return the usage line of the command with a verb."""
        return self.command(verb, "").usage

    async def require_own(self, call: Call, entry: Entry, wanted: Entry | None = None) -> None:
        """Raise an error if the configuration declares an object, which can then be changed in its
        file only.

        Args:
            wanted: The object as the person wants it. The error has the declared values of the
                fields that differ; None for an error without values.
        """
        if self._identity(entry) not in await self._declared_keys(call):
            return
        declared = ""
        if wanted:
            words = [
                f"{field.name}: {value_words(getattr(entry, field.name))}"
                for field in self.fields
                if getattr(entry, field.name) != getattr(wanted, field.name)
            ]
            declared = f" ({'; '.join(words)})" if words else ""
        raise ReadOnly(thing=f"{self.label(entry)}{declared}", file=call.config.file)

    def _identity(self, entry: Entry) -> Hashable:
        """Return the key of an object in the store."""
        return (self.identity or self.reference)(entry)

    def _title(self, entry: Entry) -> str:
        return self.title(entry) if self.title else f"a {self.singular}"

    def _find(self, call: Call, given: Mapping[str, Any]) -> Entry:
        """Return the object of the current catalogue that the options in `given` name. Raises
        UnknownName for an unknown object.
        """
        catalogue = call.catalogue
        return self.find(catalogue, catalogue, given, self.singular)

    async def _find_own(self, call: Call, given: Mapping[str, Any]) -> Entry:
        """Return the object that the options in `given` name, if a person added it. Raises
        UnknownName for an unknown object, ReadOnly for one that the configuration declares.
        """
        entry = self._find(call, given)
        await self.require_own(call, entry)
        return entry

    async def _declared_keys(self, call: Call) -> set[Hashable]:
        """Return the keys of the objects that the configuration declares."""
        return set(map(self._identity, self.entries(await call.store.catalogue.declared())))

    async def _keep(self, call: Call, entry: Entry) -> None:
        """Store an object. Raises ReadOnly when the configuration declares one of the same key."""
        if not await self.keep(call.store, entry):
            raise ReadOnly(thing=self.label(entry), file=call.config.file)

    def _require_new(self, catalogue: Catalogue, entry: Entry, before: Entry | None) -> None:
        """Raise an error if the catalogue already has an object that `entry` would duplicate: what
        `existing` finds, or by default an object of the same identity.
        """
        if self.existing:
            duplicate = self.existing(catalogue, entry)
        else:
            key = self._identity(entry)
            others = (other for other in self.entries(catalogue) if self._identity(other) == key)
            duplicate = next(others, None)
        if duplicate is not None and duplicate != before:
            raise AlreadyThere(thing=self.label(duplicate))

    def _values(self, call: Call, before: Entry | None, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the value of each field after a change, by name. A day is a date in the caller's
        time zone; a day that is emptied is None.
        """
        fields = self.fields if before is None else self.edit_fields
        values = changed_values(fields, before, given)
        required_names = {option.name for option in self.fields if option.required}
        for option in fields:
            value = values[option.name]
            if value == "" and option.name in required_names:
                problem = f"{option.written.capitalize()} must not be empty"
                raise BadUsage(problem=problem, usage=self.usage("edit" if before else "add"))
            if option.kind is Kind.TIME and isinstance(value, str):
                at = past_moment(value, call.clock.now(), call.zone) if value else None
                values[option.name] = at.astimezone(call.zone).date() if at else None
        return values


def find_brands(catalogue: Catalogue, names: Iterable[str]) -> tuple[str, ...]:
    """Return the full names of brands that are given by names or aliases in any case of letters,
    each once and in the order given.
    """
    return tuple(dict.fromkeys(find_brand(catalogue, name).name for name in names))


def require_yes(change: str, *, agreed: bool) -> None:
    """Raise an error unless the person has agreed to a change.

    Args:
        change: What the change means, in words, for the question to the person.
        agreed: Whether the person has agreed.

    Raises:
        ChangeNeedsYes: when the person has not agreed.
    """
    if not agreed:
        raise ChangeNeedsYes(change=change)
