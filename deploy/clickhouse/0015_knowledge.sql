-- What channels know, and which offers that customers hold a channel has not been told of: for briefing it before the calls come.

-- Columns from channel to withdrawn are the fields of schemas/knowledge.avsc.
CREATE TABLE IF NOT EXISTS {store}.knowledge
(
    channel     LowCardinality(String)          COMMENT 'The channel that knows',
    offer       String                          COMMENT 'Offer that it knows of',
    subject     String                          COMMENT 'What it is about, as type:number, where it is not an offer',
    attribute   String                          COMMENT 'Which property of the subject',
    period      String                          COMMENT 'Name of the period, where it knew, forgot and knows again',
    version     UInt64                          COMMENT 'Grows with every record of the same key',
    value       String,
    known_from  DateTime64(6, 'UTC')            COMMENT 'Since when the channel knows',
    known_until Nullable(DateTime64(6, 'UTC'))  COMMENT 'First moment at which it no longer does; NULL: without an end',
    withdrawn   UInt8                           COMMENT 'Whether the entry was wrong and never held',
    is_deleted  UInt8 DEFAULT 0                 COMMENT 'Whether the topic has a tombstone for it',
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (channel, offer, subject, attribute, period);

CREATE OR REPLACE VIEW {views}.knowledge DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT channel, offer, subject, attribute, period, value, known_from, known_until
FROM {store}.knowledge FINAL
WHERE withdrawn = 0;

-- One row per offer and staffed channel that publishes its knowledge, may redeem the offer and does not know it now, neither by an entry
-- nor by what it said of it to the customer itself. Now is the time of the latest touchpoint. Who holds an offer is as in the rule
-- offer_unannounced with its settings as shipped: personal, clicked or shown twice; valid, neither redeemed nor withdrawn.
-- valid_until: the last end, NULL where somebody's has none; last_contact_at: when one of the customers was in touch with the channel last.
CREATE OR REPLACE VIEW {views}.unbriefed DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
WITH (SELECT max(corrected_at) FROM {views}.touchpoints) AS now_at
SELECT
    held.offer                                                   AS offer,
    held.channel                                                 AS channel,
    count()                                                      AS customers,
    min(held.since)                                              AS held_since,
    if(countIf(held.ends_at IS NULL) > 0, NULL, max(held.ends_at)) AS valid_until,
    max(met.met_at)                                              AS last_contact_at
FROM
(
    SELECT
        offer,
        customer,
        since,
        ends_at,
        arrayJoin(arrayFilter(
            each -> (empty(redeemed_in) OR has(redeemed_in, each)) AND NOT has(told, each),
            ['phone', 'chat', 'store', 'occasion', 'social'])) AS channel
    FROM
    (
        SELECT
            said.id                                                                             AS offer,
            customer,
            min(if(said.action IN ('shown', 'clicked'), corrected_at, NULL))                    AS since,
            max(if(said.action IN ('shown', 'clicked', 'extended'), said.valid_until, NULL))    AS ends_at,
            argMaxIf(said.valid_from, corrected_at,
                said.action IN ('shown', 'clicked', 'extended') AND said.valid_from IS NOT NULL) AS begins_at,
            max(if(said.action = 'withdrawn', corrected_at, NULL))                              AS withdrawn_at,
            max(if(said.action = 'extended', corrected_at, NULL))                               AS extended_at,
            argMaxIf(said.redeem_channels, corrected_at,
                said.action IN ('shown', 'clicked', 'extended') AND notEmpty(said.redeem_channels)) AS redeemed_in,
            groupUniqArrayIf(toString(channel),
                said.action IN ('shown', 'clicked', 'acknowledged', 'redeemed', 'extended', 'withdrawn')) AS told
        FROM {views}.touchpoints
        ARRAY JOIN offers AS said
        WHERE NOT (said.action = 'shown' AND kind IN ('customer_said', 'customer_gave', 'conversation_started', 'conversation_queued', 'conversation_ended', 'message_received', 'message_replied', 'complaint_opened', 'rating_given'))
        GROUP BY said.id, customer
        HAVING since IS NOT NULL
            AND (countIf(said.action = 'shown') > 1 OR countIf(said.action = 'clicked') > 0
                OR countIf(said.personal AND said.action IN ('shown', 'clicked', 'extended')) > 0)
            AND countIf(said.action = 'redeemed') = 0
            AND (withdrawn_at IS NULL OR extended_at > withdrawn_at)
            AND ifNull(begins_at, since) <= now_at
            AND (ends_at IS NULL OR ends_at > now_at)
    )
) AS held
LEFT JOIN
(
    SELECT customer, toString(channel) AS channel, toNullable(max(corrected_at)) AS met_at FROM {views}.touchpoints GROUP BY customer, channel
) AS met ON met.customer = held.customer AND met.channel = held.channel
WHERE held.channel IN (SELECT toString(channel) FROM {store}.knowledge FINAL)
    AND (held.channel, held.offer) NOT IN
    (
        SELECT toString(channel), offer FROM {store}.knowledge FINAL
        WHERE withdrawn = 0 AND offer != '' AND known_from <= now_at AND (known_until IS NULL OR known_until > now_at)
    )
GROUP BY held.offer, held.channel;
