-- More answers about journeys and contacts. Times are in seconds, shares from 0 to 1. Each is explained in docs/analysts.md.

-- All that a customer went through: the process journeys in order, and what belongs to none of them.
CREATE OR REPLACE VIEW {views}.end_to_end_journeys DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    customer,
    first_at,
    last_at,
    all_touchpoints                                AS touchpoints,
    toInt64(all_touchpoints) - toInt64(in_process) AS without_process,
    all_channels                                   AS channels,
    journeys,
    processes,
    open,
    completed,
    dropped,
    buyer_touchpoints,
    delight_touchpoints
FROM
(
    SELECT
        customer,
        count()           AS all_touchpoints,
        min(corrected_at) AS first_at,
        max(corrected_at) AS last_at,
        arraySort(groupUniqArray(toString(channel))) AS all_channels
    FROM {views}.touchpoints
    GROUP BY customer
) AS seen
LEFT JOIN
(
    SELECT
        customer,
        count()                       AS journeys,
        sum(touchpoints)              AS in_process,
        arrayMap(each -> each.3, arraySort(groupArray((started_at, journey_id, toString(process))))) AS processes,
        countIf(status = 'open')      AS open,
        countIf(status = 'completed') AS completed,
        countIf(status = 'dropped')   AS dropped,
        sum(buyer_touchpoints)        AS buyer_touchpoints,
        sum(delight_touchpoints)      AS delight_touchpoints
    FROM {views}.journeys
    GROUP BY customer
) AS went USING (customer);

-- Journeys with scores of single touchpoints and of the whole, on one scale. Well: CSAT from 4, NPS from 9, CES from 6; touchpoints
-- rate well where their lowest does.
CREATE OR REPLACE VIEW {views}.journey_versus_touchpoints DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    process,
    scale,
    count()                                        AS n,
    countIf(well_at_lowest AND well_as_a_whole)    AS both_well,
    countIf(well_at_lowest AND NOT well_as_a_whole) AS touchpoints_well_journey_not,
    countIf(NOT well_at_lowest AND well_as_a_whole) AS journey_well_touchpoints_not,
    countIf(NOT well_at_lowest AND NOT well_as_a_whole) AS neither_well,
    round(avg(lowest), 2)                          AS lowest_mean,
    round(avg(whole), 2)                           AS journey_mean,
    minIf(journey_id, well_at_lowest AND NOT well_as_a_whole) AS example
FROM
(
    SELECT
        journey_id,
        process,
        rating.scale                                             AS scale,
        assumeNotNull(rating.lowest)                             AS lowest,
        assumeNotNull(rating.journey)                            AS whole,
        multiIf(scale = 'CSAT', 4, scale = 'NPS', 9, 6)          AS least,
        lowest >= least                                          AS well_at_lowest,
        whole >= least                                           AS well_as_a_whole
    FROM {views}.journeys
    ARRAY JOIN ratings AS rating
    WHERE rating.lowest IS NOT NULL AND rating.journey IS NOT NULL
)
GROUP BY process, scale;

-- What customers turn to the company about: topics of conversations and complaints.
CREATE OR REPLACE VIEW {views}.contact_reasons DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    topic,
    channel,
    uniqExact(thread)                 AS contacts,
    uniqExact(customer)               AS customers,
    uniqExactIf(thread, is_complaint) AS complaints,
    min(at)                           AS first_at,
    max(at)                           AS last_at
FROM
(
    SELECT
        customer,
        channel,
        corrected_at AS at,
        multiIf(references.conversation != '', references.conversation, references.`case` != '', references.`case`, event_id) AS thread,
        has(complaints.action, 'opened') AS is_complaint,
        arrayJoin(arrayDistinct(arrayFilter(name -> name != '', arrayConcat(conversations.topic, complaints.topic)))) AS topic
    FROM {views}.touchpoints
    WHERE direction != 'outbound'
)
GROUP BY topic, channel;

-- Customers who turned to the company again within 7 days, in another conversation or case; by the channel of the earlier contact.
CREATE OR REPLACE VIEW {views}.repeat_contacts DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    channel,
    count()                                        AS contacts,
    countIf(is_repeated)                           AS repeated,
    round(repeated / contacts, 4)                  AS share_repeated,
    countIf(is_repeated AND next_channel != channel) AS repeated_elsewhere,
    round(quantileExactInclusiveIf(0.5)(waited_s, is_repeated), 3) AS median_s
FROM
(
    SELECT
        pair.1.2 AS channel,
        pair.2.2 AS next_channel,
        dateDiff('microsecond', pair.1.1, pair.2.1) / 1000000 AS waited_s,
        pair.2.2 != '' AND waited_s <= 7 * 86400 AS is_repeated
    FROM
    (
        SELECT arrayJoin(arrayZip(contacts, arrayPushBack(arrayPopFront(contacts), (toDateTime64(0, 6, 'UTC'), '', '')))) AS pair
        FROM
        (
            SELECT customer, arraySort(groupArray((asked_at, asked_in, thread))) AS contacts
            FROM
            (
                SELECT
                    customer,
                    multiIf(references.conversation != '', concat('conversation:', references.conversation),
                        references.`case` != '', concat('case:', references.`case`), concat('event:', event_id)) AS thread,
                    min(corrected_at)                                AS asked_at,
                    toString(argMin(channel, (corrected_at, event_id))) AS asked_in
                FROM {views}.touchpoints
                WHERE direction != 'outbound'
                    AND (hasAny(conversations.action, ['started', 'queued'])
                        OR hasAny(messages.action, ['received', 'replied'])
                        OR has(complaints.action, 'opened'))
                GROUP BY customer, thread
            )
            GROUP BY customer
        )
    )
)
GROUP BY channel;

-- Ways through the channels, each channel once per stay; covered: the share of journeys on this and all more frequent ways.
CREATE OR REPLACE VIEW {views}.journey_paths DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    process,
    path,
    journeys,
    round(journeys / sum(journeys) OVER (PARTITION BY process), 4) AS share,
    round(sum(journeys) OVER (PARTITION BY process ORDER BY journeys DESC, path ROWS UNBOUNDED PRECEDING)
        / sum(journeys) OVER (PARTITION BY process), 4)            AS covered,
    share_completed,
    duration_median_s
FROM
(
    SELECT
        process,
        arrayStringConcat(arrayCompact(moments.channel), ' > ') AS path,
        count()                                             AS journeys,
        round(countIf(status = 'completed') / count(), 4)   AS share_completed,
        round(quantileExactInclusive(0.5)(duration_s), 3)   AS duration_median_s
    FROM {views}.journeys
    GROUP BY process, path
);

-- Every touchpoint that occurs, by phase and channel. dropped: journeys that ended there without their goal; csat: of that channel;
-- priority: 1 where most journeys are lost and most complaints opened.
CREATE OR REPLACE VIEW {views}.touchpoint_map DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    process,
    phase,
    channel,
    step,
    is_planned,
    touchpoints,
    journeys,
    csat,
    complaints,
    dropped,
    round(dropped / journeys, 4)                                                   AS drop_off_rate,
    rank() OVER (PARTITION BY process ORDER BY dropped + complaints DESC)          AS priority
FROM
(
    SELECT
        process,
        moment.phase                                       AS phase,
        moment.channel                                     AS channel,
        if(moment.step = '', moment.kind, moment.step)     AS step,
        NOT has(unplanned, (moment.step, moment.channel))  AS is_planned,
        count()                                            AS touchpoints,
        uniqExact(journey_id)                              AS journeys,
        countIf(moment.kind = 'complaint_opened')          AS complaints,
        uniqExactIf(journey_id, status = 'dropped' AND place = length(moments)) AS dropped
    FROM {views}.journeys
    ARRAY JOIN moments AS moment, arrayEnumerate(moments) AS place
    GROUP BY process, phase, channel, step, is_planned
) AS occurred
LEFT JOIN
(
    SELECT channel, toNullable(round(countIf(score >= 4) / count(), 4)) AS csat FROM {views}.ratings WHERE scale = 'CSAT' GROUP BY channel
) AS rated USING (channel);
