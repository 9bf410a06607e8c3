-- Answers about inconsistencies. Each is explained in docs/analysts.md.

-- Per rule and pair of channels, against the journeys that used both (a side without a channel asks for the other alone).
CREATE OR REPLACE VIEW {views}.inconsistency_rates DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    rule,
    first_channel,
    second_channel,
    inconsistencies,
    still_open,
    customers,
    journeys                                        AS journeys_with_both,
    if(journeys = 0, NULL, round(1000 * inconsistencies / journeys, 2)) AS per_1000_journeys
FROM
(
    SELECT
        rule,
        first_channel,
        second_channel,
        count()                  AS inconsistencies,
        countIf(status = 'open') AS still_open,
        uniqExact(customer)      AS customers
    FROM {views}.inconsistencies
    GROUP BY rule, first_channel, second_channel
) AS found
LEFT JOIN
(
    SELECT pair.1 AS first_channel, pair.2 AS second_channel, count() AS journeys
    FROM
    (
        SELECT
            arrayPushBack(arrayMap(name -> toString(name), channels), '') AS sides,
            arrayJoin(arrayFlatten(arrayMap(one -> arrayMap(other -> (one, other), sides), sides))) AS pair
        FROM {views}.journeys
    )
    GROUP BY first_channel, second_channel
) AS used USING (first_channel, second_channel);

-- Open inconsistencies of one rule, one subject and one pair of channels together: one cause, however many customers met it.
CREATE OR REPLACE VIEW {views}.disruptions DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    rule,
    subject,
    first_channel,
    second_channel,
    count()                                          AS inconsistencies,
    uniqExact(customer)                              AS customers,
    ['info', 'warning', 'critical'][max(indexOf(['info', 'warning', 'critical'], toString(severity)))] AS severity,
    min(opened_at)                                   AS first_opened_at,
    max(opened_at)                                   AS last_opened_at,
    argMax(inconsistency_id, (opened_at, inconsistency_id)) AS example_id,
    argMax(sentence, (opened_at, inconsistency_id))         AS example,
    argMax(remedy, (opened_at, inconsistency_id))           AS remedy
FROM {views}.inconsistencies
WHERE status = 'open'
GROUP BY rule, subject, first_channel, second_channel;
