"""All that a plugin needs; ``import overheard`` gives it. Nothing else is public."""

from overheard.cards import wording as wording
from overheard.cards.card import (
    Action as Action,
    Card as Card,
    Choice as Choice,
    Field as Field,
    File as File,
    Image as Image,
    Link as Link,
    Quote as Quote,
    Severity as Severity,
    Style as Style,
    Table as Table,
    Tainted as Tainted,
    Text as Text,
    divided as divided,
    fitting as fitting,
)
from overheard.cards.charts.bars import (
    Bar as Bar,
    Bars as Bars,
    Rate as Rate,
    RateGroup as RateGroup,
    Rates as Rates,
)
from overheard.cards.charts.forest import Difference as Difference, Spans as Spans
from overheard.cards.command import (
    IN_TERMINAL as IN_TERMINAL,
    CommandSpec as CommandSpec,
    Face as Face,
    FormChoice as FormChoice,
    Kind as Kind,
    Option as Option,
    Role as Role,
    argument as argument,
    option as option,
    quoted as quoted,
)
from overheard.cards.metric_words import words_of as words_of
from overheard.cards.wording import printable as printable
from overheard.chat_kit.forms import (
    NO as NO,
    YES as YES,
    FormField as FormField,
    InputKind as InputKind,
    form_fields as form_fields,
    read_form as read_form,
)
from overheard.chat_kit.messages import (
    Recent as Recent,
    packed as packed,
    replace_messages as replace_messages,
)
from overheard.chat_kit.requests import (
    FINISH_TIMEOUT_S as FINISH_TIMEOUT_S,
    ButtonQuestions as ButtonQuestions,
    Click as Click,
    ClickKind as ClickKind,
    ServingTasks as ServingTasks,
    answers_one as answers_one,
    decides as decides,
)
from overheard.chat_kit.tables import (
    GAP as GAP,
    TextGrid as TextGrid,
    text_grid as text_grid,
    text_records as text_records,
)
from overheard.config.catalogue import (
    PLACE as PLACE,
    Market as Market,
    read_landscapes as read_landscapes,
)
from overheard.config.problems import suggestion as suggestion, unknown_name as unknown_name
from overheard.config.secrets import Secret as Secret
from overheard.config.settings_base import DatabaseUrl as DatabaseUrl, Settings as Settings
from overheard.domain import (
    FREE as FREE,
    SHUTDOWN_NOTICE as SHUTDOWN_NOTICE,
    Alert as Alert,
    Answer as Answer,
    Approval as Approval,
    BatchStatus as BatchStatus,
    Block as Block,
    Brand as Brand,
    Capabilities as Capabilities,
    Catalogue as Catalogue,
    Citation as Citation,
    Detail as Detail,
    Fact as Fact,
    FailureKind as FailureKind,
    Finish as Finish,
    Landscape as Landscape,
    LandscapeEntry as LandscapeEntry,
    LandscapeTopic as LandscapeTopic,
    Mention as Mention,
    Metric as Metric,
    Model as Model,
    ModelUpdate as ModelUpdate,
    Panel as Panel,
    Price as Price,
    Prompt as Prompt,
    Question as Question,
    RateLimits as RateLimits,
    Reading as Reading,
    Reply as Reply,
    Run as Run,
    Scale as Scale,
    Score as Score,
    ScoreRecord as ScoreRecord,
    Search as Search,
    Shift as Shift,
    Unit as Unit,
    UnitRole as UnitRole,
    Usage as Usage,
    last_day as last_day,
)
from overheard.errors import (
    BadUsage as BadUsage,
    ChangeNeedsYes as ChangeNeedsYes,
    ChatFailed as ChatFailed,
    ChatLost as ChatLost,
    ChatUnavailable as ChatUnavailable,
    ConfirmationNeeded as ConfirmationNeeded,
    OverheardError as OverheardError,
    ProviderFailed as ProviderFailed,
    ProviderUnavailable as ProviderUnavailable,
    SettingsError as SettingsError,
    UnknownName as UnknownName,
)
from overheard.hookspecs import (
    API_VERSION as API_VERSION,
    PluginSettings as PluginSettings,
    hookimpl as hookimpl,
)
from overheard.installation import install_command as install_command
from overheard.interfaces import (
    Approvals as Approvals,
    Asked as Asked,
    Batching as Batching,
    Chat as Chat,
    Connectable as Connectable,
    Conversation as Conversation,
    DarkChat as DarkChat,
    Described as Described,
    Desk as Desk,
    DrainingChat as DrainingChat,
    Finding as Finding,
    Form as Form,
    History as History,
    Judge as Judge,
    JudgeClient as JudgeClient,
    LaterChat as LaterChat,
    Linking as Linking,
    Listing as Listing,
    Located as Located,
    OpenChat as OpenChat,
    Person as Person,
    PostedListener as PostedListener,
    Provider as Provider,
    Recovering as Recovering,
    Request as Request,
    ScoredListener as ScoredListener,
    Scorer as Scorer,
    SecondReader as SecondReader,
    ShiftListener as ShiftListener,
    UpdateFeed as UpdateFeed,
    Verifiable as Verifiable,
    View as View,
    Work as Work,
)
from overheard.provider_kit.batches import (
    BatchingProvider as BatchingProvider,
    FoundBatch as FoundBatch,
    batch_lines as batch_lines,
    batch_problem as batch_problem,
)
from overheard.provider_kit.hosted_provider import (
    Fields as Fields,
    HostedProvider as HostedProvider,
    HostedService as HostedService,
)
from overheard.provider_kit.settings import (
    CreationDates as CreationDates,
    PriceList as PriceList,
    ProviderSettings as ProviderSettings,
)
from overheard.provider_kit.transport import http_client as http_client
from overheard.reading import once_an_answer as once_an_answer, read_units as read_units
from overheard.reading.phrasings import fact_wordings as fact_wordings
from overheard.reading.word_lists import Phrases as Phrases, WordLists as WordLists
from overheard.special_functions import stdtr as stdtr, stdtrit as stdtrit
