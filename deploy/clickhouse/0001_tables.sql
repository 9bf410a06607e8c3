-- The tables that the pipeline writes. {store}, {views} and {credentials} are filled in by `touchpoints migrate`.
--
-- Every table keeps the row with the highest version of each key, and no row where that one is deleted. Keys are ids, because
-- everything else about a row may change under its id: nothing else may stand in ORDER BY or PARTITION BY.
-- Times are UTC; amounts have four decimals; "" stands for none.

CREATE DATABASE IF NOT EXISTS {store};
CREATE DATABASE IF NOT EXISTS {views};

-- Columns up to content_hash are the fields of a Touchpoint, in their order: rows come as they travel, as MessagePack.
-- LowCardinality only at the top: inside arrays it takes an insert twice its time.
-- Of two contents under one event id the smaller hash counts, so it has the larger version. Hash 0 is left to deletions.
CREATE TABLE IF NOT EXISTS {store}.touchpoints
(
    event_id      String                               COMMENT 'Number that the source gave it',
    occurred_at   DateTime64(6, 'UTC')                 COMMENT 'When it happened, by the clock of the source',
    corrected_at  DateTime64(6, 'UTC')                 COMMENT 'When it happened, without the error of that clock',
    received_at   DateTime64(6, 'UTC')                 COMMENT 'When it reached the broker',
    channel       LowCardinality(String)               COMMENT 'website, app, chat, email, phone, store, survey',
    kind          LowCardinality(String)               COMMENT 'What happened',
    source        LowCardinality(String)               COMMENT 'System that published it',
    sequence      Int64                                COMMENT 'Order that the source gave it, among those of one time',
    direction     LowCardinality(String)               COMMENT 'inbound, outbound or unknown',
    replay        LowCardinality(String)               COMMENT 'Name of the import that it came by; empty for live traffic',
    anchor        String                               COMMENT 'Strongest identifier, as type:pseudonym',
    identifiers   Array(Tuple(type String, pseudonym String)) COMMENT 'All that point to a person',
    account       String                               COMMENT 'Company that the customer acts for',
    session       String                               COMMENT 'Visit to website or app',
    references    Tuple(order String, offer String, `case` String, product String, conversation String, content String),
    attributes    Map(String, String)  COMMENT 'What the schema of the channel lets through',
    offers        Array(Tuple(
        id String, action String, products Array(String), amount Nullable(Decimal(18, 4)), currency String,
        valid_from Nullable(DateTime64(6, 'UTC')), valid_until Nullable(DateTime64(6, 'UTC')), personal Bool,
        redeem_channels Array(String), conditions Map(String, String),
        purpose String, reason String)),
    statements    Array(Tuple(
        subject String, attribute String, value String, unit String,
        stated_for Nullable(DateTime64(6, 'UTC')), valid_until Nullable(DateTime64(6, 'UTC')), amount Nullable(Decimal(18, 4)),
        currency String, quantity Int64, price_kind String, variant String, location String)),
    promises      Array(Tuple(
        id String, action String, what String,
        due_from Nullable(DateTime64(6, 'UTC')), due_until Nullable(DateTime64(6, 'UTC')))),
    conversations Array(Tuple(
        action String, queue String, topic String, data_kind String,
        staffed Bool, to_channel String, to_queue String, context_passed Bool,
        outcome String)),
    messages      Array(Tuple(
        action String, id String, purpose String, campaign String, in_reply_to String)),
    consents      Array(Tuple(action String, purpose String, channels Array(String))),
    orders        Array(Tuple(
        action String,
        lines Array(Tuple(product String, quantity Int64, amount Nullable(Decimal(18, 4)), currency String)),
        amount Nullable(Decimal(18, 4)), currency String, status String)),
    pages         Array(Tuple(
        action String, page String, form String, step String, code String,
        blocking Bool, goal Bool, terms String, device String)),
    visits        Array(Tuple(
        action String, location String, product String, quantity Int64,
        amount Nullable(Decimal(18, 4)), currency String)),
    ratings       Array(Tuple(
        scale String, score Float64, of_event String, of_reference String, of_channel String,
        of_journey String)),
    complaints    Array(Tuple(action String, topic String, product String)),
    content_hash  UInt64                               COMMENT '64 bits over the content as published',
    is_deleted    UInt8 DEFAULT 0,
    ingested_at   DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC'),
    version       UInt64 MATERIALIZED bitNot(content_hash),
    INDEX by_anchor anchor TYPE bloom_filter(0.01),
    INDEX by_pseudonym identifiers.pseudonym TYPE bloom_filter(0.01),
    INDEX by_order references.order TYPE bloom_filter(0.01),
    INDEX by_case references.`case` TYPE bloom_filter(0.01),
    INDEX by_conversation references.conversation TYPE bloom_filter(0.01),
    INDEX by_time corrected_at TYPE minmax
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY event_id;

-- Columns up to detected_at are the fields of schemas/journey.avsc.
CREATE TABLE IF NOT EXISTS {store}.journeys
(
    journey_id       String                 COMMENT 'Hash of process and reference, else of process and first event',
    version          UInt64,
    customer         String                 COMMENT 'Pseudonym of the customer',
    account          String                 COMMENT 'Company that the customer acts for',
    process          LowCardinality(String) COMMENT 'orientation, purchase, service, complaint, return',
    reference        String                 COMMENT 'What holds it together, as type:number',
    status           LowCardinality(String) COMMENT 'open, completed, dropped, superseded',
    phase            LowCardinality(String) COMMENT 'Phase of the last touchpoint',
    first_channel    LowCardinality(String),
    last_channel     LowCardinality(String),
    last_step        LowCardinality(String) COMMENT 'Step of the last touchpoint; of a dropped journey, where it dropped',
    channels         Array(LowCardinality(String)) COMMENT 'In order of first use',
    channel_switches UInt32                 COMMENT 'How often two touchpoints in a row were in different channels',
    touchpoints      UInt32                 COMMENT 'Number of touchpoints',
    started_at       DateTime64(6, 'UTC'),
    last_at          DateTime64(6, 'UTC'),
    ended_at         Nullable(DateTime64(6, 'UTC')) COMMENT 'When the goal was reached or the journey given up',
    superseded_by    String                 COMMENT 'Id that took its place',
    moments          Array(Tuple(
        event_id String, at DateTime64(6, 'UTC'), channel String, kind String,
        step String, phase String)) COMMENT 'Its touchpoints in order, at most the first 500',
    detected_at      DateTime64(6, 'UTC')   COMMENT 'When this version was worked out',
    is_deleted       UInt8 DEFAULT 0,
    ingested_at      DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC'),
    INDEX by_customer customer TYPE bloom_filter(0.01),
    INDEX by_reference reference TYPE bloom_filter(0.01),
    INDEX by_time started_at TYPE minmax
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY journey_id;

-- Columns up to published_at are the fields of schemas/inconsistency.avsc.
CREATE TABLE IF NOT EXISTS {store}.inconsistencies
(
    inconsistency_id String                 COMMENT 'Hash of the rule and its founding events',
    version          UInt64,
    rule             LowCardinality(String),
    severity         LowCardinality(String) COMMENT 'critical, warning, info',
    audience         LowCardinality(String) COMMENT 'desk, channel_team, operations',
    status           LowCardinality(String) COMMENT 'open, resolved, retracted, superseded',
    customer         String                 COMMENT 'Pseudonym of the customer',
    journey_id       String,
    subject          String                 COMMENT 'What it is about, as type:number',
    first_channel    LowCardinality(String),
    first_at         Nullable(DateTime64(6, 'UTC')),
    first_said       String,
    second_channel   LowCardinality(String),
    second_at        Nullable(DateTime64(6, 'UTC')),
    second_said      String,
    evidence         Array(String)          COMMENT 'Events that show it, the founding ones first',
    also             Array(LowCardinality(String)) COMMENT 'Weaker rules that found the same cause',
    count            UInt32                 COMMENT 'How often it happened',
    sentence         String                 COMMENT 'What happened',
    remedy           String                 COMMENT 'What to do about it',
    opened_at        DateTime64(6, 'UTC')   COMMENT 'Event time at which it began to hold',
    resolved_at      Nullable(DateTime64(6, 'UTC')),
    resolved_by      String                 COMMENT 'Event that resolved it',
    superseded_by    String                 COMMENT 'Id that took its place',
    detected_at      DateTime64(6, 'UTC')   COMMENT 'When this version was worked out',
    published_at     DateTime64(6, 'UTC')   COMMENT 'When the touchpoint that caused this version reached the broker',
    is_deleted       UInt8 DEFAULT 0,
    ingested_at      DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC'),
    INDEX by_customer customer TYPE bloom_filter(0.01),
    INDEX by_subject subject TYPE bloom_filter(0.01),
    INDEX by_evidence evidence TYPE bloom_filter(0.01),
    INDEX by_time opened_at TYPE minmax
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY inconsistency_id;

-- Who an identifier is now. A touchpoint keeps the identifier it came with: a merge changes rows here and nowhere else.
CREATE TABLE IF NOT EXISTS {store}.identities
(
    type        LowCardinality(String),
    pseudonym   String,
    version     UInt64,
    customer    String               COMMENT 'Pseudonym of the customer',
    epoch       UInt64               COMMENT 'Grows with every split',
    assigned_at DateTime64(6, 'UTC') COMMENT 'When this version was worked out',
    is_deleted  UInt8 DEFAULT 0,
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC'),
    INDEX by_customer customer TYPE bloom_filter(0.01)
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (type, pseudonym);

CREATE DICTIONARY IF NOT EXISTS {store}.customer_of
(
    identifier String,
    customer   String
)
PRIMARY KEY identifier
SOURCE(CLICKHOUSE(
    {credentials}
    QUERY 'SELECT concat(type, \':\', pseudonym) AS identifier, customer FROM {store}.identities FINAL'
    INVALIDATE_QUERY 'SELECT count(), max(version) FROM {store}.identities'))
LAYOUT(COMPLEX_KEY_HASHED())
LIFETIME(MIN 1 MAX 3);

-- Fields of schemas/dead_letter.avsc. `sealed` is encrypted; no view shows it.
CREATE TABLE IF NOT EXISTS {store}.dead_letters
(
    dead_letter_id String               COMMENT 'Hash of topic, partition and offset',
    version        UInt64,
    reason         LowCardinality(String),
    field          LowCardinality(String) COMMENT 'Field at fault',
    detail         String               COMMENT 'What was expected, without the value',
    channel        LowCardinality(String),
    topic          LowCardinality(String),
    partition      UInt32,
    offset         UInt64,
    event_id       String               COMMENT 'Where it could be read',
    received_at    DateTime64(6, 'UTC') COMMENT 'When it reached the broker',
    died_at        DateTime64(6, 'UTC') COMMENT 'When it was refused',
    content_hash   String               COMMENT 'SHA-256 of its bytes',
    size_bytes     UInt64,
    key_id         LowCardinality(String) COMMENT 'Key that sealed its bytes',
    sealed         String               COMMENT 'Its key, headers and bytes, encrypted',
    is_deleted     UInt8 DEFAULT 0,
    ingested_at    DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC'),
    INDEX by_time died_at TYPE minmax
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY dead_letter_id;
