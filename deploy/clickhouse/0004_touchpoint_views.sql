-- Answers about touchpoints. Times are in seconds, shares from 0 to 1. Each is explained in docs/analysts.md.

-- One row per rating. channel: the one rated, where the rating names it, else the one it came by.
CREATE OR REPLACE VIEW {views}.ratings DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    event_id,
    customer,
    corrected_at                                            AS rated_at,
    if(rating.of_channel = '', channel, rating.of_channel)  AS channel,
    rating.scale                                            AS scale,
    rating.score                                            AS score,
    rating.of_event                                         AS of_event,
    rating.of_reference                                     AS of_reference,
    rating.of_journey                                       AS of_journey
FROM {views}.touchpoints
ARRAY JOIN ratings AS rating;

-- Each scale for itself: NPS from -100 to 100, CSAT the share of 4 and 5, CES the mean of 1 to 7; the other two columns are NULL.
CREATE OR REPLACE VIEW {views}.satisfaction DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    scale,
    channel,
    count() AS n,
    if(scale = 'NPS', round(100 * (countIf(score >= 9) - countIf(score <= 6)) / n, 1), NULL) AS nps,
    if(scale = 'CSAT', round(countIf(score >= 4) / n, 4), NULL)                              AS csat,
    if(scale = 'CES', round(avg(score), 2), NULL)                                            AS ces
FROM {views}.ratings
GROUP BY scale, channel;

-- From a customer's contact to the first answer in the same conversation or case, by whatever channel.
CREATE OR REPLACE VIEW {views}.time_to_answer DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    asked_in                                          AS channel,
    count()                                           AS contacts,
    countIf(answered_at IS NOT NULL)                  AS answered,
    round(answered / contacts, 4)                     AS share_answered,
    round(quantileExactInclusiveIf(0.5)(waited_s, answered_at IS NOT NULL), 3) AS median_s,
    round(quantileExactInclusiveIf(0.9)(waited_s, answered_at IS NOT NULL), 3) AS p90_s
FROM
(
    SELECT
        thread,
        minIf(at, asks)              AS asked_at,
        argMinIf(channel, at, asks)  AS asked_in,
        arrayFirstOrNull(time -> time >= asked_at, arraySort(groupArrayIf(at, answers))) AS answered_at,
        ifNull(dateDiff('microsecond', asked_at, answered_at), 0) / 1000000 AS waited_s
    FROM
    (
        SELECT
            corrected_at AS at,
            channel,
            if(references.conversation != '', ('conversation', references.conversation), ('case', references.`case`)) AS thread,
            direction != 'outbound' AND (
                hasAny(conversations.action, ['started', 'queued'])
                OR hasAny(messages.action, ['received', 'replied'])
                OR has(complaints.action, 'opened')
                OR has(pages.action, 'form_submitted')) AS asks,
            direction = 'outbound' AND NOT has(conversations.action, 'transferred') AS answers
        FROM {views}.touchpoints
        WHERE references.conversation != '' OR references.`case` != ''
    )
    GROUP BY thread
    HAVING countIf(asks) > 0
)
GROUP BY channel;

-- What arrived per channel and day. tied: to a customer by more than the number of an order, case or conversation.
CREATE OR REPLACE VIEW {views}.coverage DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    channel,
    toDate(corrected_at, 'UTC')      AS day,
    count()                          AS touchpoints,
    round(countIf(splitByChar(':', anchor)[1] NOT IN ('order', 'case', 'conversation', '')) / touchpoints, 4) AS share_tied,
    24 - uniqExact(toHour(corrected_at, 'UTC')) AS silent_hours
FROM {views}.touchpoints
GROUP BY channel, day;
