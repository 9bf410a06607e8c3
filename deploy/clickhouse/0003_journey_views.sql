-- Answers about journeys. Waiting times are in seconds, shares from 0 to 1. Each is explained in docs/analysts.md.

-- From one touchpoint of a journey to the next: between channels (dimension channel) and between phases (dimension phase).
CREATE OR REPLACE VIEW {views}.transitions DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    process,
    step.1                                   AS dimension,
    step.2                                   AS came_from,
    step.3                                   AS went_to,
    count()                                  AS transitions,
    uniqExact(journey_id)                    AS journeys,
    round(quantileExactInclusive(0.5)(waited_s), 3)   AS waiting_time_median_s
FROM
(
    SELECT
        journey_id,
        process,
        arrayJoin(arrayZip(arrayPopBack(moments), arrayPopFront(moments))) AS pair,
        arrayJoin([('channel', pair.1.channel, pair.2.channel), ('phase', pair.1.phase, pair.2.phase)]) AS step,
        dateDiff('microsecond', pair.1.at, pair.2.at) / 1000000 AS waited_s
    FROM {views}.journeys
    WHERE length(moments) > 1
)
GROUP BY process, dimension, came_from, went_to;

-- Journeys that reached each step. position: where the step usually first occurs among the steps of a journey.
CREATE OR REPLACE VIEW {views}.funnel DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    process,
    rank() OVER (PARTITION BY process ORDER BY usual_position, step) AS position,
    step,
    journeys,
    round(journeys / started, 4) AS share_of_all,
    completed,
    round(completed / journeys, 4) AS share_completed
FROM
(
    SELECT
        process,
        reached.1                         AS step,
        uniqExact(journey_id)             AS journeys,
        uniqExactIf(journey_id, status = 'completed') AS completed,
        avg(reached.2)                    AS usual_position
    FROM
    (
        SELECT
            journey_id,
            process,
            status,
            arrayFilter(name -> name != '', arrayDistinct(moments.step)) AS steps,
            arrayJoin(arrayZip(steps, arrayEnumerate(steps))) AS reached
        FROM {views}.journeys
    )
    GROUP BY process, step
) AS reached_steps
INNER JOIN
(
    SELECT process, count() AS started FROM {views}.journeys GROUP BY process
) AS all_journeys USING (process);

-- Where journeys end without their goal, against how many reached that step.
CREATE OR REPLACE VIEW {views}.drop_off DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    process,
    step,
    uniqExact(journey_id)                                            AS journeys,
    uniqExactIf(journey_id, status = 'dropped' AND last_step = step) AS dropped,
    round(dropped / journeys, 4)                                     AS drop_off_rate,
    topKIf(1)(last_channel, status = 'dropped' AND last_step = step)[1] AS most_often_in_channel
FROM
(
    SELECT journey_id, process, status, last_step, last_channel, arrayJoin(arrayDistinct(arrayPushBack(moments.step, last_step))) AS step
    FROM {views}.journeys
)
GROUP BY process, step;

-- How long from one step of a journey to the next.
CREATE OR REPLACE VIEW {views}.waiting_times DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    process,
    from_step,
    to_step,
    count()                                AS n,
    round(quantileExactInclusive(0.5)(waited_s), 3) AS median_s,
    round(quantileExactInclusive(0.9)(waited_s), 3) AS p90_s,
    round(max(waited_s), 3)                AS longest_s
FROM
(
    SELECT
        process,
        arrayJoin(arrayZip(arrayPopBack(moments), arrayPopFront(moments))) AS pair,
        if(pair.1.step = '', pair.1.kind, pair.1.step) AS from_step,
        if(pair.2.step = '', pair.2.kind, pair.2.step) AS to_step,
        dateDiff('microsecond', pair.1.at, pair.2.at) / 1000000 AS waited_s
    FROM {views}.journeys
    WHERE length(moments) > 1
)
GROUP BY process, from_step, to_step;

-- Journeys by how often they changed the channel, and how those ended.
CREATE OR REPLACE VIEW {views}.channel_switches DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    process,
    channel_switches,
    count()                                             AS journeys,
    round(journeys / sum(journeys) OVER (PARTITION BY process), 4) AS share,
    round(countIf(status = 'completed') / journeys, 4)  AS share_completed,
    round(countIf(status = 'dropped') / journeys, 4)    AS share_dropped,
    round(avg(touchpoints), 2)                          AS touchpoints_mean
FROM {views}.journeys
GROUP BY process, channel_switches;
